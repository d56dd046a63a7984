import type { ServerResponse } from 'node:http';

import type { Faults } from '../faults/faults.ts';
import type { Admission } from './admission.ts';
import type { RequestLog, RequestRecord } from './request-log.ts';
import { countOutcome, type Failure, type Outcome, type Stats } from './stats.ts';

export type JobInput = {
  readonly response: ServerResponse;
  readonly faults: Faults;
  readonly stats: Stats;
  readonly log: RequestLog;
  readonly record: RequestRecord;
  readonly admission: Admission;
  readonly onSettled: (job: Job) => void;
};

/**
 * One request for text from its arrival to its end: waiting, running, settled. Counts itself exactly once, and aborts its signal when the
 * client leaves. It watches the response: the request's `close` fires as soon as its body is read.
 */
export class Job {
  readonly response: ServerResponse;
  readonly faults: Faults;
  readonly stats: Stats;
  readonly signal: AbortSignal;
  readonly #input: JobInput;
  readonly #controller = new AbortController();
  #phase: 'waiting' | 'running' | 'settled' = 'waiting';

  constructor(input: JobInput) {
    this.#input = input;
    this.response = input.response;
    this.faults = input.faults;
    this.stats = input.stats;
    this.signal = this.#controller.signal;
    input.stats.requests += 1;
    input.stats.waiting += 1;
    if (input.response.destroyed) this.#leave();
    else input.response.once('close', () => this.#leave());
  }

  isSettled(): boolean {
    return this.#phase === 'settled';
  }

  /** Whether it would have to wait for a place, and too many do. */
  hasNoRoom(): boolean {
    return this.#input.admission.isFull;
  }

  /** Waits for a place among the running ones. Rejects when the signal aborts. */
  async admit(promptTokens: number): Promise<void> {
    const { admission, stats } = this.#input;
    const acquired = admission.acquire(this.signal);
    stats.peak_waiting = Math.max(stats.peak_waiting, admission.waiting);
    await acquired;
    if (this.signal.aborted) {
      admission.release();
      this.signal.throwIfAborted();
    }
    this.#phase = 'running';
    stats.waiting -= 1;
    stats.running += 1;
    stats.peak_running = Math.max(stats.peak_running, stats.running);
    stats.prompt_tokens += promptTokens;
  }

  /** `cachedTokens`: of the prompt; null: the source has no cache. */
  countCache(promptTokens: number, cachedTokens: number | null): void {
    if (cachedTokens === null) return;
    this.stats.prefix_cache_queries += promptTokens;
    this.stats.prefix_cache_hits += cachedTokens;
  }

  countToken(): void {
    const { record, stats, log } = this.#input;
    stats.completion_tokens += 1;
    record.tokens += 1;
    record.first_token_ms ??= log.nowMs();
  }

  /** The first call counts, later ones change nothing. Called before the last write, so that a client that read it finds it counted. */
  settle(outcome: Outcome): void {
    const { stats, record, log, admission, onSettled } = this.#input;
    if (this.#phase === 'settled') return;
    const wasRunning = this.#phase === 'running';
    this.#phase = 'settled';
    if (wasRunning) stats.running -= 1;
    else stats.waiting -= 1;
    countOutcome(stats, outcome);
    record.outcome = outcome.kind;
    record.why = outcome.why;
    record.ended_ms = log.nowMs();
    if (wasRunning) admission.release();
    onSettled(this);
  }

  /** Breaks the connection without the end of the reply; what was written still leaves. */
  breakOff(why: Failure): void {
    this.settle({ kind: 'failed', why });
    const { socket } = this.response;
    // A reset forgets what waits in the socket, which is written when this turn of the event loop ends.
    if (this.faults.reset === true) setImmediate(() => socket?.resetAndDestroy());
    else socket?.destroySoon();
  }

  /** Stops the generation, which then ends with this error. */
  interrupt(error: Error): void {
    this.#controller.abort(error);
  }

  #leave(): void {
    if (this.#phase === 'settled') return;
    const hasText = this.#input.record.tokens > 0;
    const running = hasText ? 'mid_stream' : 'before_first_token';
    this.settle({ kind: 'aborted', why: this.#phase === 'waiting' ? 'waiting' : running });
    this.#controller.abort();
  }
}
