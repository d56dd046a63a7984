/**
 * Gives memory back while there is nothing to do. What a program leaves behind when it has started, or when many streams have ended, stays
 * its own until V8 has a reason to look, and without requests it has none: a third of an idle worker.
 */
import type { Departures } from './http/departure.ts';

const LOOK_EVERY_MS = 500;

/** A collection takes some 40 ms, in which nobody is served: who asks every few seconds should not meet one each time. */
const COLLECT_EVERY_MS = 60_000;

export type IdleMemoryOptions = {
  readonly departures: Pick<Departures, 'size' | 'total'>;
  readonly collect: () => void;
};

/** Looks now and then, until the function that it returns is called. */
export function giveBackWhenIdle(options: IdleMemoryOptions): () => void {
  const look = createLook(options);
  const timer = setInterval(() => look(performance.now()), LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look: collects when nothing was asked since the one before, and something was since the last collection. For tests. */
export function createLook({ departures, collect }: IdleMemoryOptions): (nowMs: number) => void {
  let seen = departures.total;
  /** Of the last collection; the start left something behind, too. */
  let collected = -1;
  let collectedAtMs = -Infinity;
  return (nowMs) => {
    const { size, total } = departures;
    const isIdle = size === 0 && total === seen;
    seen = total;
    if (!isIdle || total === collected || nowMs - collectedAtMs < COLLECT_EVERY_MS) return;
    collect();
    collected = total;
    collectedAtMs = nowMs;
  };
}
