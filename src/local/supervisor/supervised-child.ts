/** One child's life: started, looked after, started again with growing pauses, ended. */
import { setTimeout as sleep } from 'node:timers/promises';

import { LogFile } from '../logs/log-file.ts';
import { RecentLines } from '../logs/recent-lines.ts';
import type { LogDialect } from '../../plan/load-progress.ts';
import { endProcess } from '../process/end-process.ts';
import { untilListening } from '../process/until-listening.ts';
import type { UnitRecord } from '../state/state-file.ts';
import type { Timing } from '../timing.ts';
import { type ChildCommand, type RunningChild, spawnChild } from './spawn-child.ts';
import { watchEngine } from './watch-engine.ts';

/** What to start this time: an engine may get another port at each start. */
export type Launch = ChildCommand & { readonly host: string; readonly port: number };

export type ChildStatus = Pick<
  UnitRecord,
  'pid' | 'startId' | 'state' | 'detail' | 'restarts' | 'startedAt' | 'port'
>;

/** What an engine has that the gateway has not: a model that it loads, and a health that it tells. */
export type EngineRole = {
  /** How its log tells what it loads; null: it does not. */
  readonly dialect: LogDialect | null;
  /** What it does while it is not ready; null: nothing that is known, or it is ready. */
  readonly onProgress: (phrase: string | null) => void;
};

export type SupervisedChildOptions = {
  readonly launch: () => Promise<Launch>;
  /** null: it is no engine. */
  readonly engine: EngineRole | null;
  readonly logPath: string;
  readonly timing: Timing;
  readonly onChange: () => void;
};

const NO_PROCESS = { pid: null, startId: null, startedAt: null, port: null };

export class SupervisedChild {
  readonly #options: SupervisedChildOptions;
  readonly #log: LogFile;
  readonly #stopping = new AbortController();
  #pause = new AbortController();
  #life: Promise<void> | null = null;
  #status: ChildStatus = { ...NO_PROCESS, state: 'starting', detail: '', restarts: 0 };
  #lastEnd = '';
  /** Since when this life of the child does its work, on the clock of `performance.now`; null: not yet. */
  #workingSince: number | null = null;

  constructor(options: SupervisedChildOptions) {
    this.#options = options;
    this.#log = new LogFile(options.logPath);
  }

  get status(): ChildStatus {
    return this.#status;
  }

  /** Returns after the first attempt, successful or not. */
  async start(): Promise<void> {
    const attempted = Promise.withResolvers<undefined>();
    this.#life = this.#live(() => attempted.resolve(undefined));
    await attempted.promise;
  }

  /** Cuts a pause before the next start short. */
  hurry(): void {
    this.#pause.abort();
  }

  /** Ends the child, or the pause that it is in. Returns when nothing of it runs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#pause.abort();
    await this.#life;
    this.#tellProgress(null);
    this.#set({ ...NO_PROCESS, state: 'stopped', detail: this.#lastEnd });
    this.#log.close();
  }

  async #live(onAttempted: () => void): Promise<void> {
    const { firstPauseMs, maxPauseMs, resetAfterMs } = this.#options.timing;
    let pauseMs = firstPauseMs;
    while (!this.#isStopping()) {
      this.#workingSince = null;
      this.#lastEnd = await this.#runOnce(onAttempted);
      if (this.#isStopping()) break;
      // Loading does not count: a model that is too large for its GPU can take minutes to fail, each time.
      if (this.#hasWorkedFor(resetAfterMs)) pauseMs = firstPauseMs;
      this.#pause = new AbortController();
      const detail = `${this.#lastEnd}, starts again in ${String(pauseMs / 1000)} s`;
      this.#tellProgress(detail);
      const restarts = this.#status.restarts + 1;
      this.#set({ ...NO_PROCESS, state: 'restarting', detail, restarts });
      onAttempted();
      await sleep(pauseMs, undefined, { signal: this.#pause.signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, maxPauseMs);
    }
    onAttempted();
  }

  /** Returns how it ended. */
  async #runOnce(onSpawned: () => void): Promise<string> {
    let launch: Launch;
    let child: RunningChild;
    const said = new RecentLines();
    const { restarts } = this.#status;
    const again = restarts === 0 ? '' : `started again after it ${this.#lastEnd}`;
    this.#tellProgress(null);
    if (again !== '') this.#log.writeLine(`--- ${again} (restart ${String(restarts)})`);
    try {
      launch = await this.#options.launch();
      if (this.#isStopping()) return 'never started';
      child = spawnChild(launch, (chunk) => {
        this.#log.write(chunk);
        said.write(chunk);
      });
    } catch (error) {
      return `could not start: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (child.identity === null) return child.ended;
    this.#set({
      ...child.identity,
      state: 'starting',
      detail: again,
      startedAt: new Date().toISOString(),
      port: launch.port,
    });
    onSpawned();
    return this.#watch(child, launch, said);
  }

  async #watch(child: RunningChild, { host, port }: Launch, said: RecentLines): Promise<string> {
    const { engine, timing } = this.#options;
    const { graceMs, pollMs } = timing;
    const over = new AbortController();
    const stopped = Promise.withResolvers<string>();
    const end = (): void => {
      if (child.identity === null) return;
      void endProcess(child.identity, { graceMs, pollMs, group: true }).then((ended) => {
        // A process in the middle of a device call cannot be killed: we cannot wait for it for ever.
        if (!ended) stopped.resolve('cannot be ended');
      });
    };
    this.#stopping.signal.addEventListener('abort', end, { once: true });
    void untilListening({ host, port, pollMs, signal: over.signal }).then((listens) => {
      if (!listens) return;
      if (engine === null) this.#workingSince = performance.now();
      this.#set({ state: 'running' });
    });
    const found = { dead: false };
    if (engine !== null)
      void watchEngine({
        ...{ host, port, timing, signal: over.signal, lines: () => said.lines },
        ...engine,
        onReady: () => (this.#workingSince = performance.now()),
      }).then((isDead) => {
        found.dead = isDead;
        if (isDead) end();
      });
    const text = await Promise.race([child.ended, stopped.promise]);
    over.abort();
    this.#stopping.signal.removeEventListener('abort', end);
    return found.dead ? `hung (${text})` : text;
  }

  #hasWorkedFor(ms: number): boolean {
    return this.#workingSince !== null && performance.now() - this.#workingSince >= ms;
  }

  #tellProgress(phrase: string | null): void {
    this.#options.engine?.onProgress(phrase);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #set(change: Partial<ChildStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#options.onChange();
  }
}
