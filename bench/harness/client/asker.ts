/** Plain requests, one at a time over a kept connection. */
import type { RequestShape } from '../../targets/target.ts';
import { type Connection, openConnection } from './connection.ts';
import { ReplyReader } from './reply-reader.ts';
import { requestBytes } from './request-bytes.ts';

export type AskOptions = { readonly port: number; readonly shape: RequestShape };

export type AskerOptions = AskOptions & {
  /** Called for each read that brought something of a reply's body, with the milliseconds since its request was written. */
  readonly onBody?: (sinceAskedMs: number) => void;
};

export type Asker = {
  /** From the request's write to the last byte of its reply, in nanoseconds. Rejects for any status but 200, and for a reply that broke off. */
  readonly ask: () => Promise<number>;
  /** The last of the last reply's body, with its framing. */
  readonly tail: () => string;
  readonly close: () => void;
};

/** Connected when it resolves. Rejects where nobody listens. A server that ends the connection between two requests gets a new one before the next. */
export async function openAsker({ port, shape, onBody }: AskerOptions): Promise<Asker> {
  const bytes = requestBytes(shape, port);
  const reader = new ReplyReader();
  /** The one promise that somebody waits for: a connection, or a reply. */
  let waiting = Promise.withResolvers<number>();
  let askedAt = 0;
  let isGone = false;
  let connection = await connectAgain();

  async function connectAgain(): Promise<Connection> {
    isGone = false;
    waiting = Promise.withResolvers<number>();
    const opened = openConnection(port, {
      onConnect: () => waiting.resolve(0),
      onRead: (memory, length) => {
        try {
          const isOver = reader.read(memory, length);
          if (onBody && reader.bodyBytes > 0) onBody(performance.now() - askedAt);
          if (!isOver) return;
          if (reader.status !== 200) throw new Error(`status ${reader.status}: ${reader.tail()}`);
          waiting.resolve((performance.now() - askedAt) * 1e6);
        } catch (error) {
          waiting.reject(error);
        }
      },
      onClose: (error) => {
        isGone = true;
        waiting.reject(error ?? new Error('the connection was closed'));
      },
    });
    await waiting.promise;
    return opened;
  }

  return {
    ask: async () => {
      if (reader.isLast || isGone) {
        connection.close();
        connection = await connectAgain();
      }
      waiting = Promise.withResolvers<number>();
      // Nobody may be waiting yet when it fails.
      waiting.promise.catch(() => undefined);
      reader.reset();
      askedAt = performance.now();
      connection.write(bytes);
      return waiting.promise;
    },
    tail: () => reader.tail(),
    close: () => connection.close(),
  };
}
