/** Lets so many in at a time; the others wait in the order of their arrival. */
export class Admission {
  readonly #limit: number;
  readonly #maxWaiting: number;
  #inside = 0;
  readonly #waiting = new Set<() => void>();

  /** `maxWaiting`: as many may wait; only `isFull` heeds it. */
  constructor(limit: number, maxWaiting = Infinity) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether one more would neither get in nor may wait. */
  get isFull(): boolean {
    return this.#inside >= this.#limit && this.#waiting.size >= this.#maxWaiting;
  }

  /** Resolves with a place, which the caller must give back by `release`. Rejects, without a place, when the signal aborts. */
  async acquire(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#inside < this.#limit) {
      this.#inside += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const enter = () => {
      signal.removeEventListener('abort', leave);
      resolve(undefined);
    };
    const leave = () => {
      // Already let in: the caller notices the abort itself, and gives the place back.
      if (this.#waiting.delete(enter)) reject(signal.reason as Error);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.add(enter);
    await promise;
  }

  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#inside -= 1;
      return;
    }
    // The place passes on, so nobody can take it in between.
    this.#waiting.delete(next);
    next();
  }
}
