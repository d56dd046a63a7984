/** One stream: an answer after another over a connection that is kept, or over a new one each. */
import { faultOfEnd, type StreamForm } from './answer-end.ts';
import { type Connection, openConnection } from './connection.ts';
import { ReplyReader } from './reply-reader.ts';
import type { Tally } from './tally.ts';

type StreamOptions = {
  readonly port: number;
  /** The request. */
  readonly bytes: Buffer;
  readonly form: StreamForm;
  /** How many are wanted; failed ones count. */
  readonly answers: number;
  readonly isFresh: boolean;
  readonly tally: Tally;
  /** After the last of them. Not called after `stop`. */
  readonly onEnded: () => void;
};

const PAUSE_AFTER_ERROR_MS = 100;
const EVENT_END = Buffer.from('\n\n');

/** Asks as soon as it is connected. */
export function openStream(options: StreamOptions): { readonly stop: () => void } {
  const { port, bytes, form, isFresh, tally, onEnded } = options;
  const { count, times, keepTimes } = tally;
  const reader = new ReplyReader();
  let left = options.answers;
  let connection: Connection | null = null;
  let pause: NodeJS.Timeout | null = null;
  let askedAt = 0;
  /** 0: nothing of the answer came yet. */
  let lastAt = 0;

  function open(): void {
    connection = openConnection(port, {
      onConnect: ask,
      onRead,
      onClose: (error) => fail(error === null ? 'a connection was closed' : error.message),
    });
  }

  function ask(): void {
    reader.reset();
    lastAt = 0;
    if (keepTimes) askedAt = performance.now();
    connection?.write(bytes);
  }

  function onRead(memory: Buffer, length: number): void {
    count.bytes += length;
    let isOver: boolean;
    try {
      isOver = reader.read(memory, length);
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
      return;
    }
    const { bodyBytes } = reader;
    if (bodyBytes > 0) {
      count.reads += 1;
      count.frames += countFrames(memory, length - bodyBytes, length, form);
      if (keepTimes) keepTime();
    }
    if (isOver) end();
  }

  function keepTime(): void {
    const now = performance.now();
    if (lastAt === 0) times.firstMs.push(now - askedAt);
    else times.gapsMs.push(now - lastAt);
    lastAt = now;
  }

  function end(): void {
    const fault =
      reader.status === 200 ? faultOfEnd(form, reader.tail()) : `status ${reader.status}`;
    if (fault !== null) {
      fail(fault);
      return;
    }
    count.answers += 1;
    if (keepTimes) times.wholeMs.push(lastAt - askedAt);
    left -= 1;
    if (left > 0 && !isFresh && !reader.isLast) {
      ask();
      return;
    }
    connection?.close();
    if (left > 0) open();
    else onEnded();
  }

  function fail(reason: string): void {
    tally.fail(reason);
    connection?.close();
    left -= 1;
    if (left > 0) pause = setTimeout(open, PAUSE_AFTER_ERROR_MS);
    else onEnded();
  }

  open();
  return {
    stop: () => {
      left = 0;
      if (pause !== null) clearTimeout(pause);
      connection?.close();
    },
  };
}

function countFrames(memory: Buffer, from: number, to: number, form: StreamForm): number {
  const body = memory.subarray(from, to);
  let found = 0;
  if (form === 'frames') {
    for (let at = body.indexOf(0); at >= 0; at = body.indexOf(0, at + 1)) found += 1;
    return found;
  }
  for (let at = body.indexOf(EVENT_END); at >= 0; at = body.indexOf(EVENT_END, at + 2)) found += 1;
  return found;
}
