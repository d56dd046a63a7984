/** How fast places come free, so that who is refused hears when it is worth to come again. */

/** The estimate is of the last so many places, none of them older than the longest that anybody is told to wait. */
const MOST_NOTED = 32;
const LONGEST_S = 60;

/** Nothing came free yet: neither at once nor so late that nobody comes again. */
const UNKNOWN_S = 5;

export class FreeRate {
  #times: number[] = [];

  /** A place came free while all of them were taken; any other says how busy clients are, not how fast places go. `now` in milliseconds. */
  note(now: number): void {
    this.#times.push(now);
    if (this.#times.length > MOST_NOTED) this.#times.shift();
  }

  /** Whole seconds, 1 to 60, until so many places will have come free. `now` in milliseconds, of the same clock. */
  secondsUntil(places: number, now: number): number {
    this.#times = this.#times.filter((time) => now - time < LONGEST_S * 1000);
    const [first] = this.#times;
    if (first === undefined) return UNKNOWN_S;
    // Up to now, not to the last one: who stands still since then is slow.
    const eachMs = (now - first) / this.#times.length;
    return Math.min(Math.max(Math.ceil((places * eachMs) / 1000), 1), LONGEST_S);
  }
}
