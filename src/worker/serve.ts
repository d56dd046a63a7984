/** The worker as a whole: configuration, engines, server, and an orderly end. */
import { createChatRenderer } from '../prompts/chat/chat-renderer.ts';
import { Departures } from './departure.ts';
import { openEngineProgress } from './engine-progress.ts';
import { followConfig, loadWorkerConfig } from './follow-config.ts';
import { LiveStack } from './live-stack.ts';
import { buildServer } from './server.ts';

/** Time for the error frames of streams that were ended to reach their readers. */
const LAST_WORDS_MS = 1_000;

export type WorkerOptions = {
  /** Directory with `worker.json`; followed while the worker runs. */
  readonly configDirectory: string;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** pino's names: `info`, `silent`, … */
  readonly logLevel: string;
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
  const { config, text } = await loadWorkerConfig(options.configDirectory);
  const chatRenderer = createChatRenderer();
  const departures = new Departures();
  const stack = new LiveStack({
    chatRenderer,
    onReplicaChange: ({ id, state }) => {
      app.log.info({ replica: id, state }, 'engine state');
    },
    readProgress: openEngineProgress(options.configDirectory),
  });
  stack.configure(config);
  const app = buildServer({ stack, departures, logLevel: options.logLevel });
  const unfollow = followConfig({
    directory: options.configDirectory,
    text,
    onChange: (changed) => {
      stack.configure(changed);
      app.log.info('configuration taken over');
    },
    onError: (error) => {
      app.log.error({ err: error }, 'configuration not taken over');
    },
  });
  const url = await app
    .listen({ host: options.host, port: options.port })
    .catch(async (error: unknown) => {
      unfollow();
      await stack.close();
      await chatRenderer.close();
      throw error;
    });
  return {
    url,
    close: async () => {
      unfollow();
      const timers = [
        setTimeout(() => departures.stopAll(), options.drainMs),
        // Who does not read the last words, or never finished asking, is not waited for.
        setTimeout(() => app.server.closeAllConnections(), options.drainMs + LAST_WORDS_MS),
      ];
      await app.close();
      timers.forEach(clearTimeout);
      await stack.close();
      await chatRenderer.close();
    },
  };
}
