/** The worker as a whole: configuration, engines, server, and an orderly end. */
import type { WorkerConfig } from '../config/worker-config.ts';
import { LlmOpsError } from '../errors.ts';
import { createChatRenderer } from '../prompts/chat/chat-renderer.ts';
import { loadTokens } from './auth/tokens-file.ts';
import { Departures } from './http/departure.ts';
import { giveBackWhenIdle } from './idle-memory.ts';
import { openEngineProgress } from './live/engine-progress.ts';
import { followConfig, loadWorkerConfig } from './live/follow-config.ts';
import { LiveStack } from './live/live-stack.ts';
import { LONGEST_TIMER_MS } from './longest-timer.ts';
import { createMetrics } from './metrics/metrics.ts';
import { Registrations } from './registration/registrations.ts';
import { buildServer } from './server.ts';
import type { LogTarget } from './server.ts';

/** Time for the error frames of streams that were ended to reach their readers. */
const LAST_WORDS_MS = 1_000;

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

/** The addresses of a process are those of its role. */
function assertSameRole({ role }: WorkerConfig, changed: WorkerConfig): void {
  if (changed.role === role) return;
  throw new LlmOpsError('config_invalid', `a ${role} cannot become a ${changed.role}`, {
    hint: 'restart it to give it another role',
  });
}

/** Listens and serves until `close`. Throws `config_invalid`, and Node's error of `listen` (EADDRINUSE). */
export async function serveWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { config, text } = await loadWorkerConfig(options.configDirectory);
  const { tokens, followed } = await loadTokens(options.configDirectory, (count) => {
    app.log.info({ count }, 'tokens taken over');
  });
  const chatRenderer = createChatRenderer();
  const departures = new Departures();
  const registrations = new Registrations((event) => {
    app.log[event.state === 'known' || event.state === 'left' ? 'info' : 'warn'](
      event,
      'registration',
    );
  });
  const stack = new LiveStack({
    chatRenderer,
    onReplicaChange: (replica) => {
      metrics.replicaChanged(replica);
      const { id, state } = replica;
      app.log.info({ replica: id, state }, 'engine state');
      registrations.look();
    },
    readProgress: openEngineProgress(options.configDirectory),
  });
  const metrics = createMetrics(stack);
  stack.configure(config);
  const { logLevel, log } = options;
  const app = buildServer({ stack, tokens, departures, metrics, logLevel, log });
  const unfollow = followConfig({
    directory: options.configDirectory,
    text,
    onChange: (changed) => {
      assertSameRole(config, changed);
      stack.configure(changed);
      registrations.follow(stack.services);
      app.log.info('configuration taken over');
    },
    onError: (error) => {
      app.log.error({ err: error }, 'configuration not taken over');
    },
    beside: [followed],
  });
  const url = await app
    .listen({ host: options.host, port: options.port })
    .catch(async (error: unknown) => {
      unfollow();
      await registrations.close();
      await stack.close();
      await chatRenderer.close();
      throw error;
    });
  // Not before: who hears of us asks at once.
  registrations.follow(stack.services);
  const stopLooking = giveBackWhenIdle({ departures, collect: globalThis.gc });
  return {
    url,
    close: async () => {
      unfollow();
      stopLooking();
      stack.drain();
      const drainMs = Math.min(options.drainMs, LONGEST_TIMER_MS - LAST_WORDS_MS);
      const timers = [
        setTimeout(() => departures.stopAll(), drainMs),
        // Who does not read the last words, or never finished asking, is not waited for.
        setTimeout(() => app.server.closeAllConnections(), drainMs + LAST_WORDS_MS),
      ];
      // While we still listen: the controllers send nobody any more, and who is on the way already is served.
      await registrations.close();
      // Nor do we stop listening before all is said: who looks after us wants to see how it goes.
      await departures.close();
      await app.close();
      timers.forEach(clearTimeout);
      await stack.close();
      await chatRenderer.close();
    },
  };
}
