/** Plain requests, as many as go. */
import type { AskOptions } from './asker.ts';
import { type Connection, openConnection } from './connection.ts';
import { ReplyReader } from './reply-reader.ts';
import { requestBytes } from './request-bytes.ts';

export type AskManyOptions = AskOptions & {
  readonly connections: number;
  /** Nothing is asked after it; what was asked is waited for. */
  readonly durationMs: number;
};

export type AskedMany = {
  /** Answered with status 200. */
  readonly requests: number;
  readonly errors: number;
  /** What the first error was, for people. */
  readonly firstError: string | null;
  /** From the first connection's opening to the end of the last reply. */
  readonly elapsedMs: number;
};

/** Like wrk: each connection asks again as soon as it has its answer. One that fails is not opened again. Never rejects. */
export async function askMany(options: AskManyOptions): Promise<AskedMany> {
  const { port, shape, connections, durationMs } = options;
  const bytes = requestBytes(shape, port);
  const begunAt = performance.now();
  const endAt = begunAt + durationMs;
  let requests = 0;
  let errors = 0;
  let firstError: string | null = null;

  function askUntilTheEnd(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const reader = new ReplyReader();
    let connection: Connection;

    function open(): void {
      connection = openConnection(port, {
        onConnect: ask,
        onRead: (memory, length) => {
          try {
            if (!reader.read(memory, length)) return;
            if (reader.status !== 200) throw new Error(`status ${reader.status}: ${reader.tail()}`);
            next();
          } catch (error) {
            fail(error as Error);
          }
        },
        onClose: (error) => fail(error ?? new Error('the connection was closed')),
      });
    }

    function ask(): void {
      reader.reset();
      connection.write(bytes);
    }

    function next(): void {
      requests += 1;
      const isOver = performance.now() >= endAt;
      if (!isOver && !reader.isLast) {
        ask();
        return;
      }
      connection.close();
      if (isOver) resolve(undefined);
      else open();
    }

    function fail({ message }: Error): void {
      errors += 1;
      firstError ??= message;
      connection.close();
      resolve(undefined);
    }

    open();
    return promise;
  }

  await Promise.all(Array.from({ length: connections }, askUntilTheEnd));
  return { requests, errors, firstError, elapsedMs: performance.now() - begunAt };
}
