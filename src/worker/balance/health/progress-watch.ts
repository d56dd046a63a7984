/**
 * Notices that an engine tells nobody anything, though requests wait for it. A read costs one addition here: the clock is looked at once in
 * a while only. The time counts in which somebody waits, not the time in which nobody asks, and it goes on from one request to the next: a
 * client that is less patient than the limit leaves, and the silence remains.
 */

/** How often it is looked, at most. */
const LOOK_EVERY_MS = 1_000;

export type ProgressWatchOptions = {
  readonly limitMs: number;
  /** Called once the silence is as long as the limit, and again after each further limit. */
  readonly onSilence: () => void;
  /** For tests. */
  readonly now?: () => number;
};

export class ProgressWatch {
  readonly #limitMs: number;
  readonly #everyMs: number;
  readonly #onSilence: () => void;
  readonly #now: () => number;
  #count = 0;
  #countSeen = 0;
  #waiting = 0;
  #silentMs = 0;
  #lookedAtMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor({ limitMs, onSilence, now = () => performance.now() }: ProgressWatchOptions) {
    this.#limitMs = limitMs;
    this.#everyMs = Math.min(LOOK_EVERY_MS, limitMs / 4);
    this.#onSilence = onSilence;
    this.#now = now;
  }

  /** How often anybody got something: the same number twice means that nobody did between. */
  get count(): number {
    return this.#count;
  }

  /** Somebody got something. Returns the new count. */
  progressed(): number {
    return (this.#count += 1);
  }

  /** Somebody waits, until the function that it returns is called once. */
  wait(): () => void {
    this.#waiting += 1;
    if (this.#waiting === 1) {
      this.#lookedAtMs = this.#now();
      this.#timer = setInterval(() => this.look(), this.#everyMs);
      this.#timer.unref();
    }
    return () => {
      this.look();
      this.#waiting -= 1;
      if (this.#waiting === 0 && this.#timer !== null) clearInterval(this.#timer);
    };
  }

  /** Takes the time that went by into account. */
  look(): void {
    if (this.#waiting === 0) return;
    const nowMs = this.#now();
    // When this process itself stood still, nothing is said about the engine.
    const passedMs = Math.min(nowMs - this.#lookedAtMs, this.#everyMs * 2);
    this.#lookedAtMs = nowMs;
    const isSilent = this.#count === this.#countSeen;
    this.#countSeen = this.#count;
    this.#silentMs = isSilent ? this.#silentMs + passedMs : 0;
    if (this.#silentMs < this.#limitMs) return;
    this.#silentMs = 0;
    this.#onSilence();
  }
}
