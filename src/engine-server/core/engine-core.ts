import type { ServerResponse } from 'node:http';

import { LlmOpsError } from '../../errors.ts';
import type { FaultBox } from '../faults/fault-box.ts';
import type { FaultPlan } from '../faults/faults.ts';
import type { TextSource } from '../text-source.ts';
import { Admission } from './admission.ts';
import { type Clock, createClock } from './clock.ts';
import { Job } from './job.ts';
import { type Received, RequestLog } from './request-log.ts';
import { createStats, type Stats } from './stats.ts';

export type EngineCoreInput = {
  readonly source: TextSource;
  /** Beyond it requests wait. */
  readonly maxConcurrent: number;
  /** Beyond it they are refused instead; undefined: never. */
  readonly maxWaiting?: number | undefined;
  /** So many requests are remembered, prompts included. */
  readonly remember: number;
  readonly faults: FaultBox;
};

/** A valid request for text. */
export type Opening = {
  readonly response: ServerResponse;
  readonly received: Received;
  readonly prompt: readonly number[];
};

/** The engine behind the routes: its state, its requests, its counters. */
export class EngineCore {
  readonly source: TextSource;
  readonly stats: Stats = createStats();
  readonly faults: FaultBox;
  readonly log: RequestLog;
  readonly clock: Clock = createClock();
  readonly startedAtS = Math.floor(Date.now() / 1000);
  #state: 'loading' | 'ready' | 'dead' = 'loading';
  #progress = '';
  #isLoaded = false;
  readonly #admission: Admission;
  readonly #jobs = new Set<Job>();
  readonly #work = new Set<Promise<void>>();
  #loading: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor(input: EngineCoreInput) {
    this.source = input.source;
    this.faults = input.faults;
    this.log = new RequestLog(input.remember);
    this.#admission = new Admission(input.maxConcurrent, input.maxWaiting);
  }

  get state(): 'loading' | 'ready' | 'dead' {
    return this.#state;
  }

  /** What the source does while it loads; empty: it has not said. */
  get progress(): string {
    return this.#progress;
  }

  /** Rejects when the source cannot load: the engine is dead then, and says so by its health. */
  load(): Promise<void> {
    this.#loading = this.#load();
    return this.#loading;
  }

  /** Takes a valid request for text on, with the faults that are set at this moment. */
  open({ response, received, prompt }: Opening): Job {
    const job = new Job({
      response,
      faults: this.faults.take(() => this.source.detokenize(prompt, false)),
      stats: this.stats,
      log: this.log,
      record: this.log.add(received),
      admission: this.#admission,
      onSettled: (settled) => this.#jobs.delete(settled),
    });
    if (!job.isSettled()) this.#jobs.add(job);
    if (this.#state === 'dead') job.interrupt(engineDead());
    return job;
  }

  /** As when vLLM's engine process is killed: whatever runs or waits ends with the same error, and the health is bad from now on. */
  die(): void {
    this.#state = 'dead';
    for (const job of this.#jobs) job.interrupt(engineDead());
  }

  /** Replaces the faults. Without any, an engine that died of one lives again. */
  setFaults(plan: FaultPlan): void {
    this.faults.set(plan);
    if (Object.keys(plan).length === 0 && this.#isLoaded) this.#state = 'ready';
  }

  /** Remembers the work on a request, which may go on for a moment after its client has left. */
  async track(work: Promise<void>): Promise<void> {
    this.#work.add(work);
    try {
      await work;
    } finally {
      this.#work.delete(work);
    }
  }

  /** Breaks the connections of all jobs. Resolves when nothing runs any more and the source has given back what it holds. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const job of this.#jobs) job.response.destroy();
    // What is frozen would never end.
    this.faults.set({});
    await Promise.allSettled([this.#loading, ...this.#work]);
    await this.source.close();
  }

  async #load(): Promise<void> {
    try {
      await this.source.load(this.#closing.signal, (progress) => (this.#progress = progress));
      this.#isLoaded = true;
      this.#state = 'ready';
    } catch (error) {
      this.#state = 'dead';
      throw error;
    }
  }
}

function engineDead(): LlmOpsError {
  return new LlmOpsError(
    'engine_failed',
    'EngineCore encountered an issue. See stack trace (above) for the root cause.',
  );
}
