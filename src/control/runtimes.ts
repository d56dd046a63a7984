/** What the runtimes are to the verbs, and which of them has a stack. */
import type { LlmOpsError } from '../errors.ts';
import type { Report, Runtime, RuntimeKind } from '../plan/runtime.ts';
import type { StackPlan } from '../plan/stack-plan.ts';

/** What a runtime has to know about a stack besides its plan. All paths absolute. */
export type StackPlace = {
  readonly name: string;
  /** Where the runtime keeps its files of this stack. */
  readonly directory: string;
  /** The configuration's file name, for the head of generated files. */
  readonly origin: string;
};

type ForegroundContext = {
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly onStarted?: () => void;
};

export type LocalRuntime = Runtime & {
  /** Keeps the stack in this process until the signal is aborted, then ends it. */
  runForeground(plan: StackPlan, context: ForegroundContext): Promise<void>;
  /** Makes sure that llama.cpp can be started, and fetches what is built in where it has to. Throws `engine_missing`, `disk_full`. */
  fetchBuiltIn(context: Pick<ForegroundContext, 'report' | 'signal'>): Promise<void>;
};

export type Runtimes = {
  docker(place: StackPlace): Runtime;
  local(place: StackPlace): LocalRuntime;
  /** Why Docker's daemon cannot be used; null: it answers. */
  dockerProblem(): Promise<LlmOpsError | null>;
};

export function openRuntime(runtimes: Runtimes, kind: RuntimeKind, place: StackPlace): Runtime {
  return kind === 'docker' ? runtimes.docker(place) : runtimes.local(place);
}

export type Holder = {
  /** The runtime that has something of the stack, running or stopped; null: none. */
  readonly runtime: Runtime | null;
  readonly dockerProblem: LlmOpsError | null;
};

/** Looks for a stack on every runtime that answers, this machine's processes first (they cost nothing to ask). */
export async function findHolder(runtimes: Runtimes, place: StackPlace): Promise<Holder> {
  const local = runtimes.local(place);
  if ((await local.observe()).length > 0) return { runtime: local, dockerProblem: null };
  const dockerProblem = await runtimes.dockerProblem();
  if (dockerProblem !== null) return { runtime: null, dockerProblem };
  const docker = runtimes.docker(place);
  const has = (await docker.observe()).length > 0;
  return { runtime: has ? docker : null, dockerProblem };
}
