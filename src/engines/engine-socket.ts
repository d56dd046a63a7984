/**
 * Connections to engines that read cheaply: what undici is told to connect with, in place of its own.
 *
 * Why. Node gives each read of a socket 64 kB of memory of its own, shrinks it to the few bytes of a token's event, and hands it on through
 * a readable stream. Of the busy time of a token 14 % was collecting that garbage; without it 3 % are left. A socket with a buffer of the user's own
 * (`onread`) has none of that, but such a socket brings its bytes to a function, and undici reads from a stream. So this one is a stream to
 * undici: it says `readable`, and gives the bytes when it is asked to `read`. Everything else (parsing, pooling, time limits) stays undici's.
 */
import { Socket } from 'node:net';
import type { buildConnector } from 'undici';

/** All sockets read into it, one after the other; each takes its bytes out at once. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** undici's own. */
const KEEP_ALIVE_MS = 60_000;

export class EngineSocket extends Socket {
  /** Read and not taken: more than one part only while undici holds an answer back. */
  readonly #parts: Buffer[] = [];

  constructor() {
    super({
      onread: {
        buffer: shared,
        callback: (bytes, buffer) => this.#take(Buffer.from(buffer.subarray(0, bytes))),
      },
    });
  }

  /** Node itself asks for 0 bytes, to have the reading started or the end told. */
  override read(size?: number): unknown {
    // An empty socket that had stopped reading goes on with it here.
    return (size === 0 ? undefined : this.#parts.shift()) ?? super.read(size);
  }

  override unshift(part: Buffer): void {
    this.#parts.unshift(part);
  }

  /** Returns whether to go on reading: not when what was read is not wanted yet. */
  #take(part: Buffer): boolean {
    this.#parts.push(part);
    this.emit('readable');
    return this.#parts.length === 0;
  }
}

/** For engines without TLS. `timeoutMs`: for the connection to be there. */
export function connectEngine(timeoutMs: number): buildConnector.connector {
  return ({ hostname, port }, callback) => {
    const socket = new EngineSocket();
    // An IPv6 address in a URL has brackets.
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    const timer = setTimeout(() => {
      socket.destroy(new ConnectTimeout(host, port));
    }, timeoutMs);
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      socket.off('error', settle);
      if (error === null) callback(null, socket);
      else callback(error, null);
    };
    socket
      .setNoDelay(true)
      .setKeepAlive(true, KEEP_ALIVE_MS)
      .once('error', settle)
      .connect({ host, port: port === '' ? 80 : Number(port) }, () => {
        settle(null);
      });
  };
}

/** As undici's own, whose code others go by. */
class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeoutError';
  readonly code = 'UND_ERR_CONNECT_TIMEOUT';

  constructor(host: string, port: string) {
    super(`no connection to ${host}:${port} in time`);
  }
}
