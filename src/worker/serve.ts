/** The worker as a whole, in one process: configuration, engines, server, and an orderly end. `processes/` has it in several. */
import { ownDispatch } from './dispatch/own-dispatch.ts';
import { Departures } from './http/departure.ts';
import { createMetrics } from './metrics/metrics.ts';
import { openDoor } from './open-door.ts';
import { openStack } from './open-stack.ts';
import { buildServer } from './server.ts';
import type { LogTarget } from './server.ts';

export type WorkerOptions = {
  /** Directory with `worker.json`, and `tokens.json` where tokens are asked for; followed while the worker runs. */
  readonly configDirectory: string;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** pino's names: `info`, `silent`, … */
  readonly logLevel: string;
  /** Takes the log, line by line; left out: standard output, which holds up the process while nobody reads it. */
  readonly log?: LogTarget;
  /** How long streams under way may go on after `close`, in milliseconds. */
  readonly drainMs: number;
};

export type RunningWorker = {
  readonly url: string;
  /** Takes no new requests, lets those under way finish within `drainMs`, ends the rest with an error frame. */
  readonly close: () => Promise<void>;
};

/** Listens and serves until `close`. Throws `config_invalid`, and Node's error of `listen` (EADDRINUSE). */
export async function serveWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { configDirectory, logLevel, log } = options;
  const opened = await openStack({
    configDirectory,
    log: () => app.log,
    onReplicaChange: (replica) => metrics.replicaChanged(replica),
  });
  const { stack, tokens } = opened;
  const departures = new Departures();
  const metrics = createMetrics(stack);
  const dispatch = ownDispatch;
  const app = buildServer({ stack, tokens, departures, metrics, dispatch, logLevel, log });
  opened.follow();
  const door = await openDoor(app, departures, options).catch(async (error: unknown) => {
    opened.drain();
    await opened.leave();
    await opened.close();
    throw error;
  });
  // Not before: who hears of us asks at once.
  opened.announce();
  return {
    url: door.url,
    close: async () => {
      opened.drain();
      door.limit(options.drainMs);
      // While we still listen: the controllers send nobody any more, and who is on the way already is served.
      await opened.leave();
      await door.close();
      await opened.close();
    },
  };
}
