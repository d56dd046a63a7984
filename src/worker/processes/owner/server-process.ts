/** One server as its owner sees it: a process that is born, listens, asks and counts, and ends. */
import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import type { Counts } from '../../metrics/processes/counts.ts';
import type { Outbox } from '../outbox.ts';
import { openOutbox } from '../outbox.ts';
import type { ToOwner, ToServer } from '../messages.ts';
import { receiveError } from '../transferred-error.ts';
import { Desk } from './desk.ts';
import type { DeskOptions } from './desk.ts';

/** A server that does not answer by then is held up: what it told last counts. */
const COUNT_TIMEOUT_MS = 2_000;

export type ServerEnd = {
  /** Whether it ever listened. */
  readonly hasListened: boolean;
  /** Why it could not, in its own words. */
  readonly error: Error | null;
  /** Why the system did not let it begin. */
  readonly spawnError: Error | null;
  readonly code: number | null;
  readonly signal: string | null;
};

export type ServerProcessOptions = Pick<DeskOptions, 'stack' | 'scrape'> & {
  /** What it is told first, when it can hear. */
  readonly toBegin: () => ToServer;
  readonly onListening: (url: string) => void;
  readonly onCounts: (counts: Counts) => void;
  /** Called once, when it is gone and all that it held is given back. */
  readonly onEnd: (end: ServerEnd) => void;
};

export class ServerProcess {
  readonly #options: ServerProcessOptions;
  readonly #worker: Worker;
  readonly #outbox: Outbox<ToServer>;
  readonly #desk: Desk;
  readonly #counting = new Map<number, () => void>();
  #counted = 0;
  #canHear = false;
  #url: string | null = null;
  #error: Error | null = null;
  #spawnError: Error | null = null;
  #isGone = false;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;

  /** Forks it, as `cluster.setupPrimary` says. */
  constructor(options: ServerProcessOptions) {
    const { stack, scrape, onEnd } = options;
    this.#options = options;
    const worker = cluster.fork();
    this.#worker = worker;
    // What is written to one that is gone is lost, as it should be.
    this.#outbox = openOutbox((batch, done) => worker.send(batch, () => done()));
    this.#desk = new Desk({ stack, scrape, send: this.#outbox.send });
    worker.on('message', (batch: readonly ToOwner[]) => batch.forEach((each) => this.#take(each)));
    // Its end is told by `exit`; without a listener this one would end us.
    worker.on('error', () => undefined);
    const { process } = worker;
    const ended = Promise.withResolvers<Pick<ServerEnd, 'code' | 'signal'>>();
    // One that the system did not let begin never exits.
    process.on('error', (error) => {
      if (process.pid !== undefined) return;
      this.#spawnError = error;
      ended.resolve({ code: null, signal: null });
    });
    worker.once('exit', (code, signal) => ended.resolve({ code, signal }));
    this.ended = ended.promise.then(({ code, signal }) => {
      this.#isGone = true;
      this.#canHear = false;
      this.#desk.close();
      for (const resolve of this.#counting.values()) resolve();
      onEnd({
        hasListened: this.#url !== null,
        error: this.#error,
        spawnError: this.#spawnError,
        code,
        signal,
      });
    });
  }

  get isListening(): boolean {
    return this.#url !== null && this.#canHear;
  }

  /** One that cannot hear yet is told how things are when it can. */
  send(message: ToServer): void {
    if (this.#canHear) this.#outbox.send(message);
  }

  kill(): void {
    this.#worker.process.kill('SIGKILL');
  }

  /** Resolves when it has told what it counted up to now, or will not. */
  async count(): Promise<void> {
    if (!this.isListening) return;
    this.#counted += 1;
    const n = this.#counted;
    const told = Promise.withResolvers<undefined>();
    const finish = (): void => told.resolve(undefined);
    this.#counting.set(n, finish);
    const timer = setTimeout(finish, COUNT_TIMEOUT_MS);
    this.send({ kind: 'count', n });
    await told.promise;
    clearTimeout(timer);
    this.#counting.delete(n);
  }

  #take(message: ToOwner): void {
    // What would be taken now nobody gives back.
    if (this.#isGone) return;
    const { toBegin, onListening, onCounts } = this.#options;
    switch (message.kind) {
      case 'hello':
        this.#canHear = true;
        this.send(toBegin());
        return;
      case 'listening':
        this.#url = message.url;
        onListening(message.url);
        return;
      case 'failed':
        this.#error = receiveError(message.error);
        return;
      case 'counts':
        onCounts(message.counts);
        if (message.n !== null) this.#counting.get(message.n)?.();
        return;
      case 'ask':
      case 'release':
      case 'ended':
      case 'progress':
        this.#desk.take(message);
    }
  }
}
