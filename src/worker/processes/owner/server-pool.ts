/** The servers of a worker: so many of them, each replaced when it ends. */
import type { FastifyBaseLogger } from 'fastify';
import { LONGEST_TIMER_MS } from '../../longest-timer.ts';
import type { Counts } from '../../metrics/processes/counts.ts';
import type { ToServer } from '../messages.ts';
import { ServerProcess } from './server-process.ts';
import type { ServerEnd, ServerProcessOptions } from './server-process.ts';

/** The first one that ends is replaced at once, the next ones after pauses that double. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** Who lived so long was well. */
const WELL_AFTER_MS = 10_000;
/** While nobody listens and so many in a row could not, none will. */
const MOST_FAILURES = 5;

const NEVER_BORN = { hasListened: false, error: null, code: null, signal: null } as const;

export type ServerPoolOptions = Pick<ServerProcessOptions, 'stack' | 'scrape' | 'toBegin'> & {
  readonly size: number;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
  /** `process` numbers the servers from 1; who takes another's place has its number. */
  readonly onCounts: (process: string, counts: Counts) => void;
  readonly onGone: (process: string) => void;
};

export class ServerPool {
  readonly #options: ServerPoolOptions;
  /** By number; null: one is to come. */
  readonly #servers: (ServerProcess | null)[];
  readonly #deaths: number[];
  readonly #timers = new Set<NodeJS.Timeout>();
  #failures = 0;
  #isClosing = false;
  readonly #listening = Promise.withResolvers<string>();
  readonly #broken = Promise.withResolvers<never>();

  constructor(options: ServerPoolOptions) {
    this.#options = options;
    this.#servers = Array.from({ length: options.size }, () => null);
    this.#deaths = Array.from({ length: options.size }, () => 0);
    // Whoever is not interested need not listen.
    this.#listening.promise.catch(() => undefined);
    this.#broken.promise.catch(() => undefined);
  }

  /** Resolves with the address when the first one listens; rejects when none can. */
  start(): Promise<string> {
    for (let at = 0; at < this.#options.size; at += 1) this.#fork(at);
    return this.#listening.promise;
  }

  /** Rejects when no server is left, and none can be started any more. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  send(message: ToServer): void {
    for (const server of this.#servers) server?.send(message);
  }

  /** Resolves when all have told what they counted. */
  async count(): Promise<void> {
    const servers = this.#servers.filter((server) => server !== null);
    await Promise.all(servers.map((server) => server.count()));
  }

  /** Who ends from now on is not replaced. */
  drain(drainMs: number): void {
    this.#isClosing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.send({ kind: 'drain', drainMs });
    // Who cannot hear yet has nothing under way.
    for (const server of this.#servers) if (server?.isListening === false) server.kill();
  }

  /** Resolves when all are gone: by themselves, or by force after so many milliseconds. */
  async close(mostMs: number): Promise<void> {
    this.#isClosing = true;
    this.send({ kind: 'stop' });
    const running = this.#servers.filter((server) => server !== null);
    const timer = setTimeout(
      () => running.forEach((server) => server.kill()),
      Math.min(mostMs, LONGEST_TIMER_MS),
    );
    await Promise.all(running.map(({ ended }) => ended));
    clearTimeout(timer);
  }

  #fork(at: number): void {
    const { stack, scrape, toBegin, onCounts } = this.#options;
    const process = String(at + 1);
    let listenedAt: number | null = null;
    const options: ServerProcessOptions = {
      ...{ stack, scrape, toBegin },
      onListening: (url) => {
        listenedAt = performance.now();
        this.#failures = 0;
        this.#listening.resolve(url);
      },
      onCounts: (counts) => onCounts(process, counts),
      onEnd: (end) => {
        const wasWell = listenedAt !== null && performance.now() - listenedAt > WELL_AFTER_MS;
        this.#ended(at, end, wasWell);
      },
    };
    try {
      this.#servers[at] = new ServerProcess(options);
    } catch (error) {
      // The system has no room for it now (ENOMEM), which ends nobody else.
      this.#ended(at, { ...NEVER_BORN, spawnError: error as Error }, false);
    }
  }

  #ended(at: number, end: ServerEnd, wasWell: boolean): void {
    const { log, onGone } = this.#options;
    const process = String(at + 1);
    this.#servers[at] = null;
    onGone(process);
    if (this.#isClosing) return;
    const { code, signal, error, spawnError } = end;
    const err = error ?? spawnError ?? undefined;
    log.warn({ process, code, signal, err }, 'server process ended');
    if (!end.hasListened && this.#givesUp(error)) return;
    const deaths = wasWell ? 0 : (this.#deaths[at] ?? 0);
    this.#deaths[at] = deaths + 1;
    const pauseMs = deaths === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** deaths, LONGEST_PAUSE_MS);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#isClosing) this.#fork(at);
    }, pauseMs);
    this.#timers.add(timer);
  }

  /** Whether there is nothing more to hope for. */
  #givesUp(error: Error | null): boolean {
    if (this.#servers.some((server) => server?.isListening === true)) return false;
    this.#failures += 1;
    // What one says of itself, such as that its port is taken, is true of all. What happened to it is not, while others are on their way.
    const isOfAll = error !== null;
    const areOthers = this.#servers.some((server) => server !== null);
    if (!isOfAll && (areOthers || this.#failures < MOST_FAILURES)) return false;
    const reason = error ?? new Error('no server process can be started');
    this.#listening.reject(reason);
    this.#broken.reject(reason);
    return true;
  }
}
