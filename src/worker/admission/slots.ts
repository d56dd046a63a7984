/** Places, and the queue before them. Who holds a place gives it back exactly once; who waits for one leaves no trace when it stops waiting. */
import { LlmOpsError } from '../../errors.ts';
import type { ErrorCode } from '../../errors.ts';
import { LONGEST_TIMER_MS } from '../longest-timer.ts';
import { FreeRate } from './free-rate.ts';

export type SlotLimits = {
  /** Places; Infinity: everybody gets one. */
  readonly concurrency: number;
  /** Requests that may wait for one; more are refused at once. */
  readonly queueLength: number;
  /** How long a request may wait, in milliseconds. */
  readonly queueTimeoutMs: number;
};

export class Slots {
  /** Whose places they are, for who is refused. */
  readonly #name: string;
  #limits: SlotLimits;
  #taken = 0;
  readonly #waiting = new Set<() => void>();
  readonly #freed = new FreeRate();

  constructor(name: string, limits: SlotLimits) {
    this.#name = name;
    this.#limits = limits;
  }

  get limit(): number {
    return this.#limits.concurrency;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Higher limits let waiting requests in at once. Lower ones take nothing away: who has a place keeps it, and who waits goes on to wait,
   * for as long as it was allowed when it came. They count for who comes from now on.
   */
  setLimits(limits: SlotLimits): void {
    this.#limits = limits;
    this.#admit();
  }

  /** Throws what `take` would reject with if it were called now: `overloaded`, when there is neither a place nor room to wait for one. */
  refuseIfFull(): void {
    if (this.#isFree || this.#waiting.size < this.#limits.queueLength) return;
    throw this.#refusal('overloaded', 'no more may wait');
  }

  /**
   * Resolves, first come first served, with the function that gives the place back; it may be called more than once. Rejects with
   * `overloaded` at once when the queue is full, with `queue_timeout` when no place came free in time (both tell when to come again),
   * and with the signal's reason.
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    this.refuseIfFull();
    if (this.#isFree) this.#taken += 1;
    else await this.#wait(signal);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (this.#taken >= this.#limits.concurrency) this.#freed.note(performance.now());
      this.#taken -= 1;
      this.#admit();
    };
  }

  /** Whether who comes now gets a place at once. */
  get #isFree(): boolean {
    // While somebody waits no place is free: whatever frees one lets them in first.
    return this.#taken < this.#limits.concurrency;
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { queueTimeoutMs } = this.#limits;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', leave);
        this.#waiting.delete(enter);
      };
      const enter = (): void => {
        stop();
        resolve();
      };
      const leave = (): void => {
        stop();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(
        () => {
          stop();
          reject(this.#refusal('queue_timeout', `no place came free in ${queueTimeoutMs} ms`));
        },
        Math.min(queueTimeoutMs, LONGEST_TIMER_MS),
      );
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(enter);
    });
  }

  #admit(): void {
    for (const enter of this.#waiting) {
      if (this.#taken >= this.#limits.concurrency) return;
      // The place is taken in the name of the one who enters, before anybody else can.
      this.#taken += 1;
      enter();
    }
  }

  #refusal(code: ErrorCode, what: string): LlmOpsError {
    const { concurrency, queueLength } = this.#limits;
    const [taken, waiting] = [this.#taken, this.#waiting.size];
    return new LlmOpsError(
      code,
      `${this.#name}: ${what}: ${taken} requests have their place (of ${concurrency}), and ${waiting} wait (of ${queueLength})`,
      {
        details: {
          concurrency,
          queue_length: queueLength,
          running: taken,
          waiting,
          retry_after_s: this.#freed.secondsUntil(waiting + 1, performance.now()),
        },
      },
    );
  }
}
