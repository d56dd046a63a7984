/** Where the worker's log goes: standard output, without waiting for whoever reads it. */
import { destination } from 'pino';
import type { LogTarget } from '../server.ts';

/** Beyond this a log that nobody takes is lost, rather than the memory. */
const MOST_UNWRITTEN_BYTES = 16 * 1024 * 1024;

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

/** Lines are written in the background: a pipe that is full would stop every stream of the process. */
export function openLog(): Log {
  const target = destination({
    fd: 1,
    sync: false,
    maxLength: MOST_UNWRITTEN_BYTES,
    // What is handed over goes at once as with 0, but only then can it be waited for.
    minLength: 1,
  });
  let lines = '';
  let timer: NodeJS.Timeout | null = null;
  const handOver = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    target.write(lines);
    lines = '';
  };
  return {
    write: (line) => {
      lines += line;
      if (lines.length >= TOGETHER_CHARACTERS) handOver();
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
