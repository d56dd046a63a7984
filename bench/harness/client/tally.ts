/** What many streams saw, counted together. */

/** Since the beginning; take differences of the numbers. */
export type StreamsSeen = {
  /** Reads that brought something of a body. */
  readonly reads: number;
  /** Of everything that came, heads and chunk lengths included. */
  readonly bytes: number;
  /** Ends of events or frames; keep-alives count, and `[DONE]` does. */
  readonly frames: number;
  /** That ended as they should: status 200, `data: [DONE]` or a last frame with a finish reason, and the end of the chunked body. */
  readonly answers: number;
  /** Another status, an error in the stream, an end without its mark, a refused connection. */
  readonly errors: number;
  /** What the first error was, for people. */
  readonly firstError: string | null;
};

/** In milliseconds, as they came; empty where they are not kept. */
export type StreamTimes = {
  /** From the request's write to the first byte of a body. */
  readonly firstMs: readonly number[];
  /** Between reads of one answer. */
  readonly gapsMs: readonly number[];
  /** From the request's write to the answer's last byte. */
  readonly wholeMs: readonly number[];
};

export type Tally = {
  readonly keepTimes: boolean;
  readonly count: {
    reads: number;
    bytes: number;
    frames: number;
    answers: number;
  };
  readonly times: { firstMs: number[]; gapsMs: number[]; wholeMs: number[] };
  readonly fail: (reason: string) => void;
  readonly seen: () => StreamsSeen;
  readonly takeTimes: () => StreamTimes;
};

export function createTally(keepTimes: boolean): Tally {
  const count = { reads: 0, bytes: 0, frames: 0, answers: 0 };
  const times = { firstMs: [] as number[], gapsMs: [] as number[], wholeMs: [] as number[] };
  let errors = 0;
  let firstError: string | null = null;
  return {
    keepTimes,
    count,
    times,
    fail: (reason) => {
      errors += 1;
      firstError ??= reason;
    },
    seen: () => ({ ...count, errors, firstError }),
    takeTimes: () => {
      const taken = { ...times };
      Object.assign(times, { firstMs: [], gapsMs: [], wholeMs: [] });
      return taken;
    },
  };
}
