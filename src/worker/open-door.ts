/** A server that listens, and how it ends: in order, and in time. */
import type { FastifyInstance } from 'fastify';
import { collectGarbage } from './collect-garbage.ts';
import type { Departures } from './http/departure.ts';
import { giveBackWhenIdle } from './idle-memory.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';

/** Time for the error frames of streams that were ended to reach their readers. */
export const LAST_WORDS_MS = 1_000;

export type Door = {
  readonly url: string;
  /** From now on what is under way has so many milliseconds. */
  readonly limit: (drainMs: number) => void;
  /** Takes no new requests for answers; resolves when all have their replies, or were ended with an error frame. */
  readonly close: () => Promise<void>;
};

/** Rejects with Node's error of `listen` (EADDRINUSE). */
export async function openDoor(
  app: FastifyInstance,
  departures: Departures,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Door> {
  const url = await app.listen({ host, port });
  const stopLooking = giveBackWhenIdle({ departures, collect: collectGarbage });
  let timers: readonly NodeJS.Timeout[] = [];
  return {
    url,
    limit: (wanted) => {
      stopLooking();
      const drainMs = Math.min(wanted, LONGEST_TIMER_MS - LAST_WORDS_MS);
      timers = [
        setTimeout(() => departures.stopAll(), drainMs),
        // Who does not read the last words, or never finished asking, is not waited for.
        setTimeout(() => app.server.closeAllConnections(), drainMs + LAST_WORDS_MS),
      ];
    },
    close: async () => {
      // Nor do we stop listening before all is said: who looks after us wants to see how it goes.
      await departures.close();
      await app.close();
      timers.forEach(clearTimeout);
    },
  };
}
