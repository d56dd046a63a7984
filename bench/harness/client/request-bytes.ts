import type { RequestShape } from '../../targets/target.ts';

/** A request as it goes over a connection that is kept. */
export function requestBytes({ path, headers, body }: RequestShape, port: number): Buffer {
  const all = {
    host: `127.0.0.1:${port}`,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
