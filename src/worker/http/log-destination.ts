/** Where the worker's log goes: standard output, without waiting for whoever reads it. */
import { destination, pino } from 'pino';
import type { Logger } from 'pino';
import type { LogTarget } from '../server.ts';

/** Beyond this a log that nobody takes is lost, rather than the memory. */
const MOST_UNWRITTEN_BYTES = 16 * 1024 * 1024;

/** What a pipe takes as one piece (PIPE_BUF of Linux), whoever else writes to it. */
const ATOMIC_BYTES = 4096;

/** How long the end of the process waits for whoever reads the log. */
const FLUSH_TIMEOUT_MS = 3_000;

export type Log = LogTarget & {
  /** Resolves when all is written, or nobody takes it. Without it, what is being written while the process ends is lost. */
  readonly flush: () => Promise<void>;
};

/** For so long lines are put together: to hand each over to be written costs more than to make it. */
const TOGETHER_MS = 10;

/** So much is handed over at once. */
const TOGETHER_CHARACTERS = 64 * 1024;

/**
 * Lines are written in the background: a pipe that is full would stop every stream of the process. `isShared`: other processes write to
 * the same place, so that lines must not be parted.
 */
export function openLog({ isShared = false } = {}): Log {
  const target = destination({
    fd: 1,
    sync: false,
    maxLength: MOST_UNWRITTEN_BYTES,
    // What is handed over goes at once as with 0, but only then can it be waited for.
    minLength: 1,
    // What is handed over apart is written apart; it has to be more than the least.
    ...(isShared && { maxWrite: 2 }),
  });
  const most = isShared ? ATOMIC_BYTES : TOGETHER_CHARACTERS;
  let lines = '';
  let length = 0;
  let timer: NodeJS.Timeout | null = null;
  const handOver = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    target.write(lines);
    lines = '';
    length = 0;
  };
  return {
    write: (line) => {
      const added = isShared ? Buffer.byteLength(line) : line.length;
      if (length + added > most && length > 0) handOver();
      lines += line;
      length += added;
      if (length >= most) handOver();
      else timer ??= setTimeout(handOver, TOGETHER_MS);
    },
    flush: () =>
      new Promise((resolve) => {
        const limit = setTimeout(resolve, FLUSH_TIMEOUT_MS);
        handOver();
        target.flush(() => {
          clearTimeout(limit);
          resolve();
        });
      }),
  };
}

/** A log for who has no server whose log it could use. `level` is pino's name; without a target it goes to standard output. */
export function createLogger(level: string, target: LogTarget = destination(1)): Logger {
  return pino({ level }, target);
}
