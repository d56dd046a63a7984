/** While `up` waits: reads what engines that load print, and puts it where the workers find it. */
import { setTimeout as sleep } from 'node:timers/promises';

import { type LogDialect, readStage } from '../plan/load-progress.ts';
import type { Runtime } from '../plan/runtime.ts';
import type { EnginePlan, StackPlan } from '../plan/stack-plan.ts';

export type FollowOptions = {
  /** Whether somebody still waits for a service. */
  readonly isWaitedFor: (service: string) => boolean;
  readonly signal: AbortSignal;
  /** How often what is new is told, in milliseconds. */
  readonly intervalMs?: number;
};

const INTERVAL_MS = 1_000;

/** What is not told again is no longer believed after a minute (`PROGRESS_BELIEVED_MS`). */
const TELL_AGAIN_MS = 20_000;

/** Of what was printed before: enough to find the last stage, also behind a list of routes or a long warning. */
const TAIL_LINES = 300;

const DIALECTS: Readonly<Partial<Record<EnginePlan['kind'], LogDialect>>> = {
  vllm: 'vllm',
  'llama.cpp': 'llama-server',
};

/**
 * Follows the engines' logs until the signal is aborted, then takes away what it told. Never throws: who waits for a stack is not to
 * fail for a phrase. Returns at once where the runtime watches its engines itself, or no engine tells of its loading.
 */
export async function followProgress(
  runtime: Runtime,
  plan: StackPlan,
  { isWaitedFor, signal, intervalMs = INTERVAL_MS }: FollowOptions,
): Promise<void> {
  const engines = loadingEngines(plan);
  if (runtime.tellProgress === undefined || engines.size === 0) return;
  const tell = async (phrases: ReadonlyMap<string, string>): Promise<void> => {
    await runtime.tellProgress?.(plan, phrases).catch(() => undefined);
  };
  const phrases = new Map<string, string>();
  const reading = readLogs(runtime, { engines, phrases, signal, intervalMs });
  let told = '[]';
  let toldAt = 0;
  while (!signal.aborted) {
    const wanted = [...phrases].filter(([id]) => isWaitedFor(engines.get(id)?.service ?? ''));
    const text = JSON.stringify(wanted);
    const isOld = wanted.length > 0 && performance.now() - toldAt >= TELL_AGAIN_MS;
    if (text !== told || isOld) {
      told = text;
      toldAt = performance.now();
      await tell(new Map(wanted));
    }
    await pause(intervalMs, signal);
  }
  await reading;
  await tell(new Map());
}

type LoadingEngine = { readonly service: string; readonly dialect: LogDialect };

function loadingEngines(plan: StackPlan): ReadonlyMap<string, LoadingEngine> {
  return new Map(
    plan.services.flatMap(({ name, replicas }) =>
      replicas.flatMap(({ id, engine }) => {
        const dialect = 'url' in engine ? undefined : DIALECTS[engine.kind];
        return dialect === undefined ? [] : [[id, { service: name, dialect }] as const];
      }),
    ),
  );
}

type Reading = {
  readonly engines: ReadonlyMap<string, LoadingEngine>;
  /** The last phrase of each engine; written here. */
  readonly phrases: Map<string, string>;
  readonly signal: AbortSignal;
  readonly intervalMs: number;
};

/** Begins anew when the logs end: they may do so with a container that is about to be started again. */
async function readLogs(
  runtime: Runtime,
  { engines, phrases, signal, intervalMs }: Reading,
): Promise<void> {
  const options = { units: [...engines.keys()], follow: true, tail: TAIL_LINES, signal };
  while (!signal.aborted) {
    try {
      for await (const { unit, text } of runtime.logs(options)) {
        const dialect = engines.get(unit)?.dialect;
        const stage = dialect === undefined ? undefined : readStage(dialect, text);
        if (stage === null) phrases.delete(unit);
        else if (stage !== undefined) phrases.set(unit, stage);
      }
    } catch {
      // What they say then is not known: the state is told all the same.
    }
    await pause(intervalMs, signal);
  }
}

async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
}
