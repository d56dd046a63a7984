import { setTimeout as sleep } from 'node:timers/promises';

import { type LogDialect, readLoadProgress } from '../../plan/load-progress.ts';
import { askHealth, type Health } from '../process/ask-health.ts';
import type { Timing } from '../timing.ts';

/** Between two looks at an engine that loads. */
const LONGEST_POLL_MS = 1_000;
/** A look at a busy engine can take some time. */
const LOOK_TIMEOUT_MS = 10_000;
/** vLLM ends by itself within ten seconds of its death, if nothing holds it. */
const LOOKS_OF_THE_DEAD = 4;

export type EngineWatch = {
  readonly host: string;
  readonly port: number;
  /** How its log tells what it loads; null: it does not. */
  readonly dialect: LogDialect | null;
  /** What this life of the engine said until now. */
  readonly lines: () => readonly string[];
  /** What it does while it is not ready; null: nothing that is known, or it is ready. */
  readonly onProgress: (phrase: string | null) => void;
  /** Called once. */
  readonly onReady: () => void;
  readonly timing: Pick<Timing, 'pollMs' | 'lookMs'>;
  /** Aborted when this life of the engine is over. */
  readonly signal: AbortSignal;
};

/**
 * Follows one life of an engine: tells its progress until it is ready, then looks after it. Returns true when it is dead without having
 * ended, false when the signal is aborted. Never throws.
 *
 * vLLM's server ends by itself some seconds after its engine process died, but first it takes no more connections and waits for those
 * that are open: one client that does not read its stream keeps it for ever, GPU memory and all.
 */
export async function watchEngine(watch: EngineWatch): Promise<boolean> {
  const { signal, timing } = watch;
  const isReady = await untilReady(watch);
  if (!isReady) return false;
  watch.onProgress(null);
  watch.onReady();
  for (let looks = 0; !signal.aborted && looks < LOOKS_OF_THE_DEAD;) {
    await sleep(timing.lookMs, undefined, { signal }).catch(() => undefined);
    looks = isDead(await look(watch), watch.dialect) ? looks + 1 : 0;
  }
  return !signal.aborted;
}

async function untilReady(watch: EngineWatch): Promise<boolean> {
  const { dialect, lines, signal, timing } = watch;
  let pauseMs = timing.pollMs;
  while (!signal.aborted) {
    const health = await look(watch);
    if (health === 'over') return false;
    if (health === 'ready') return true;
    if (dialect !== null) watch.onProgress(readLoadProgress(dialect, lines()));
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, LONGEST_POLL_MS);
  }
  return false;
}

/** Once vLLM is ready, 503 means that its engine died. The others say so too when they load again what they had put aside. */
function isDead(health: Health | 'over', dialect: LogDialect | null): boolean {
  return health === 'refused' || (health === 'unready' && dialect === 'vllm');
}

/** over: this life ended meanwhile. */
async function look({ host, port, signal }: EngineWatch): Promise<Health | 'over'> {
  const health = await askHealth({ host, port, timeoutMs: LOOK_TIMEOUT_MS });
  return signal.aborted ? 'over' : health;
}
