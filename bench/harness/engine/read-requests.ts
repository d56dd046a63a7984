/** Bytes of a connection → the requests in them, however they are cut. HTTP/1.1 as clients of engines speak it; no pipelining is needed, and it works. */

export type EngineRequest = {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  readonly body: string;
  /** The client wants the connection closed after it. */
  readonly isLast: boolean;
};

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');

/** A push parser: a read in, the requests that it completed out. Throws for what is no HTTP/1.1. */
export function createRequestReader(): (bytes: Buffer) => readonly EngineRequest[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const requests: EngineRequest[] = [];
    for (;;) {
      const found = readOne(rest);
      if (found === null) break;
      requests.push(found.request);
      rest = rest.subarray(found.length);
    }
    return requests;
  };
}

type Found = { readonly request: EngineRequest; readonly length: number };

function readOne(bytes: Buffer): Found | null {
  const headLength = bytes.indexOf(HEAD_END);
  if (headLength < 0) return null;
  const head = bytes.toString('latin1', 0, headLength);
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.1(?:\r\n|$)/.exec(head) ?? [];
  if (method === undefined || target === undefined) throw new Error('a request is no HTTP/1.1');
  const at = headLength + HEAD_END.length;
  const body = /\r\ntransfer-encoding: *chunked/i.test(head)
    ? readChunks(bytes, at)
    : readLength(bytes, at, Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0));
  if (body === null) return null;
  const request = {
    method,
    path: target.split('?', 1)[0] ?? target,
    body: body.text,
    isLast: /\r\nconnection: *close/i.test(head),
  };
  return { request, length: body.end };
}

type Body = { readonly text: string; readonly end: number };

function readLength(bytes: Buffer, at: number, length: number): Body | null {
  const end = at + length;
  return bytes.length < end ? null : { text: bytes.toString('utf8', at, end), end };
}

/** Trailers are not looked for: no client sends any. */
function readChunks(bytes: Buffer, from: number): Body | null {
  const parts: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = bytes.indexOf(LINE_END, at);
    if (lineEnd < 0) return null;
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (Number.isNaN(length)) throw new Error('a chunk of a request has no length');
    const start = lineEnd + LINE_END.length;
    const end = start + length + LINE_END.length;
    if (bytes.length < end) return null;
    if (length === 0) return { text: Buffer.concat(parts).toString(), end };
    parts.push(bytes.subarray(start, start + length));
    at = end;
  }
}
