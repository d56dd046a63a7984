/**
 * An HTTP/1.1 client that costs little beside the worker that it measures: one socket a request, the chunked encoding taken off by hand,
 * no parsing of what comes. What it hands on are slices of what was read.
 */
import { connect, type Socket } from 'node:net';

export type RawRequest = {
  readonly port: number;
  readonly path: string;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** complete: the reply's own end came. cut: the connection ended before it. */
export type RawEnd = 'complete' | 'cut';

export type RawEvents = {
  /** Called once the status line and the headers have come. */
  onHead?(status: number): void;
  /** A part of the body, without the chunked encoding around it. */
  onBody(bytes: Buffer): void;
  /** Called exactly once, and not after `leave`. */
  onEnd(end: RawEnd): void;
};

export type RawReply = {
  readonly socket: Socket;
  /** All bytes of the reply that came over the wire. */
  wireBytes(): number;
  /** Closes the connection, whatever is still to come. */
  leave(): void;
};

/** Sends one request on a connection of its own. */
export function askRaw(request: RawRequest, events: RawEvents): RawReply {
  const socket = connect({ port: request.port, host: '127.0.0.1', noDelay: true });
  const decode = createDecoder(events);
  let isOver = false;
  let wireBytes = 0;
  const end = (how: RawEnd): void => {
    if (isOver) return;
    isOver = true;
    events.onEnd(how);
  };
  socket.on('data', (bytes) => {
    wireBytes += bytes.length;
    if (isOver || !decode(bytes)) return;
    end('complete');
    socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => end('cut'));
  socket.write(toText(request));
  return {
    socket,
    wireBytes: () => wireBytes,
    leave: () => {
      isOver = true;
      socket.destroy();
    },
  };
}

function toText({ path, body, headers = {}, port }: RawRequest): string {
  const text = JSON.stringify(body);
  const all = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${text}`;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LF = 10;

/** Bytes of a reply in any pieces; true once the reply's own end has come. */
function createDecoder(events: RawEvents): (bytes: Buffer) => boolean {
  /** What cannot be read before more has come: a part of the head, or of a chunk's first line. */
  let kept: Buffer | null = null;
  let isChunked = false;
  let hasHead = false;
  /** Of the body, or of the chunk that is being read. */
  let left = 0;
  /** Of the line break behind a chunk. */
  let skip = 0;

  function readHead(bytes: Buffer): number {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return -1;
    const head = bytes.toString('latin1', 0, end);
    isChunked = /^transfer-encoding: *chunked/im.test(head);
    left = isChunked ? 0 : Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? Infinity);
    hasHead = true;
    events.onHead?.(Number(head.slice(9, 12)));
    return end + HEAD_END.length;
  }

  return (read) => {
    const bytes: Buffer = kept === null ? read : Buffer.concat([kept, read]);
    kept = null;
    let at = 0;
    if (!hasHead) {
      at = readHead(bytes);
      if (at < 0) {
        kept = bytes;
        return false;
      }
      if (!isChunked && left === 0) return true;
    }
    while (at < bytes.length) {
      if (left > 0) {
        const end = Math.min(bytes.length, at + left);
        events.onBody(bytes.subarray(at, end));
        left -= end - at;
        at = end;
        if (left > 0) return false;
        if (!isChunked) return true;
        skip = 2;
        continue;
      }
      if (skip > 0) {
        const skipped = Math.min(skip, bytes.length - at);
        skip -= skipped;
        at += skipped;
        continue;
      }
      const lineEnd = bytes.indexOf(LF, at);
      if (lineEnd < 0) {
        kept = bytes.subarray(at);
        return false;
      }
      left = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
      if (left === 0) return true;
      at = lineEnd + 1;
    }
    return false;
  };
}
