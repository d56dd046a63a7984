/** A server that answers each request with the writes of a script. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** A text is written, and what comes after waits a moment, so that it is a read of its own; null closes the connection. */
export type Script = readonly (string | null)[];

/** Its port. Answers its n-th request with the n-th script, and all further ones with the last. */
export async function startScripted(t: TestContext, scripts: readonly Script[]): Promise<number> {
  let asked = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      const script = scripts[Math.min(asked, scripts.length - 1)] ?? [];
      asked += 1;
      void (async () => {
        for (const part of script) {
          if (part === null) socket.end();
          else socket.write(part);
          await sleep(10);
        }
      })();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

export const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

/** A chunk of HTTP/1.1. */
export function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

export const LAST_CHUNK = '0\r\n\r\n';
