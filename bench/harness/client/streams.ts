/** Many streams at once, on raw sockets, with as little work for each read as will do. */
import type { RequestShape } from '../../targets/target.ts';
import type { StreamForm } from './answer-end.ts';
import { requestBytes } from './request-bytes.ts';
import { createTally, type StreamsSeen, type StreamTimes } from './tally.ts';
import { openStream } from './stream.ts';

export type StreamsOptions = {
  readonly port: number;
  readonly shape: RequestShape;
  /** `events`: of a `text/event-stream`; `frames`: JSON ended by NUL. */
  readonly form: StreamForm;
  /** Streams at once. */
  readonly concurrency: number;
  /** Answers of each stream, one after another; left out: without end, until `stop`. */
  readonly answersEach?: number;
  /** Over which the first requests are spread evenly, in milliseconds; left out: all at once. */
  readonly rampMs?: number;
  /** A new connection for each answer. */
  readonly isFresh?: boolean;
  /** Remembers the time to each answer's first chunk, the gaps between reads and the length of each answer. */
  readonly keepTimes?: boolean;
};

export type OpenStreams = {
  /** Until now. */
  readonly seen: () => StreamsSeen;
  /** Until now; forgets them, so that the next call tells what came since. */
  readonly takeTimes: () => StreamTimes;
  /** Every stream has had the answers that it was to have, or `stop` was called. Never rejects: what went wrong is in `seen`. */
  readonly ended: Promise<void>;
  /** Leaves in the middle of what is still open; that is no error. */
  readonly stop: () => void;
};

/** A stream that meets an error counts it, and tries its next answer a tenth of a second later over a new connection. */
export function openStreams(options: StreamsOptions): OpenStreams {
  const { port, shape, form, concurrency, answersEach = Infinity, rampMs = 0 } = options;
  const { isFresh = false, keepTimes = false } = options;
  const tally = createTally(keepTimes);
  const bytes = requestBytes(shape, port);
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  const timers: NodeJS.Timeout[] = [];
  const streams: { readonly stop: () => void }[] = [];
  let open = concurrency;
  const onEnded = (): void => {
    open -= 1;
    if (open === 0) resolve(undefined);
  };
  const begin = (): void => {
    streams.push(openStream({ port, bytes, form, answers: answersEach, isFresh, tally, onEnded }));
  };
  for (let at = 0; at < concurrency; at += 1) {
    if (rampMs === 0) begin();
    else timers.push(setTimeout(begin, (rampMs * at) / concurrency));
  }
  return {
    seen: tally.seen,
    takeTimes: tally.takeTimes,
    ended,
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      for (const stream of streams) stream.stop();
      resolve(undefined);
    },
  };
}
