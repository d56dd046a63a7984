/** What a runtime can do: the dumb executors below the plan. Docker and this machine's processes are two of them. */
import type { ObservedUnit, Unit } from './diff.ts';
import type { StackPlan } from './stack-plan.ts';

export type RuntimeKind = 'docker' | 'local';

export type Report = (event: { readonly unit?: string; readonly text: string }) => void;

export type LogLine = { readonly unit: string; readonly text: string };

export type LogOptions = {
  /** Unit names; empty: all. */
  readonly units: readonly string[];
  readonly follow: boolean;
  /** How many of the last lines of each unit. */
  readonly tail: number;
  readonly signal: AbortSignal;
};

/** One runtime for one stack. Errors are LlmOpsErrors. */
export interface Runtime {
  readonly kind: RuntimeKind;
  /** Throws what would stop `apply`, as far as that can be known without changing anything: a program that is missing, say. */
  check(plan: StackPlan): Promise<void>;
  /** What should run, each with the hash that changes when it must be made anew. */
  desired(plan: StackPlan): Promise<readonly Unit[]>;
  /** What there is of this stack, running or not. */
  observe(): Promise<readonly ObservedUnit[]>;
  /** Makes it so and returns when everything is started (not: when models are loaded). */
  apply(plan: StackPlan, context: { report: Report; signal: AbortSignal }): Promise<void>;
  /** Ends and removes all that `apply` made, files too. Volumes with models stay unless `volumes`. */
  remove(context: { report: Report; volumes: boolean }): Promise<void>;
  logs(options: LogOptions): AsyncIterable<LogLine>;
  /**
   * Puts what engines that load are seen doing (short phrases, by replica id) where the workers find it when they refuse a request; what
   * is not in the map is taken away. Left out: this runtime watches its engines itself.
   */
  tellProgress?(plan: StackPlan, phrases: ReadonlyMap<string, string>): Promise<void>;
}
