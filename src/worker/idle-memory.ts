/**
 * Gives back what the start of a program left behind, once there is nothing to do: V8 would keep it until it has a reason to look, and without
 * requests it has none. It is a fifth of an idle worker.
 *
 * Only the start's. A collection drops most of what V8 compiled as well: whoever has answered many requests would answer the next ones six times
 * as slowly, and take seconds of full load to be as fast again.
 */
import type { Departures } from './http/departure.ts';

const LOOK_EVERY_MS = 500;

/** So few requests leave no code behind that is worth to be kept. */
const MOST_REQUESTS = 100;

export type IdleMemoryOptions = {
  readonly departures: Pick<Departures, 'size' | 'total'>;
  readonly collect: () => void;
};

/** Looks now and then, until it is done or the function that it returns is called. */
export function giveBackWhenIdle(options: IdleMemoryOptions): () => void {
  const look = createLook(options);
  const timer = setInterval(() => {
    if (look()) clearInterval(timer);
  }, LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** One look: collects when nothing was asked since the one before. True: there is no need for another. For tests. */
export function createLook({ departures, collect }: IdleMemoryOptions): () => boolean {
  let seen = departures.total;
  return () => {
    const { size, total } = departures;
    if (total > MOST_REQUESTS) return true;
    const isIdle = size === 0 && total === seen;
    seen = total;
    if (isIdle) collect();
    return isIdle;
  };
}
