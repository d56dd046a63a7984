/** How the fake hub sends: whole, from an offset, or badly. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export type Fault = {
  /** Closes the connection after so many bytes of a reply. */
  readonly cutAfterBytes?: number;
  /** Sends so many bytes of a reply and then nothing. */
  readonly stallAfterBytes?: number;
  /** Sends so many bytes of a reply, and the rest when the file's fault was changed. */
  readonly holdAfterBytes?: number;
  /** A pause before each 16 KiB. */
  readonly slowMs?: number;
  readonly ignoresRange?: boolean;
  /** Sends a part without saying which. */
  readonly hidesRange?: boolean;
  /** Answers 416 to whoever asks for a part. */
  readonly refusesRange?: boolean;
  /** Other bytes of the same number. */
  readonly isWrong?: boolean;
  /** Answers with this status instead. */
  readonly status?: number;
  /** How many requests it is for; default: all. */
  readonly times?: number;
};

export type FakeRequest = {
  readonly at: 'hub' | 'cdn';
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
  /** The file whose bytes were asked for. */
  readonly file: string | null;
  /** Of the file, sent so far. */
  bytes: number;
};

const CHUNK_BYTES = 16 * 1024;

/** The file, or what is asked of it, as well as the fault lets it. */
export async function sendFile(
  response: ServerResponse,
  content: Buffer,
  noted: FakeRequest,
  fault: Fault,
  isInForce: () => boolean,
): Promise<unknown> {
  if (fault.status !== undefined) return reply(response, fault.status, 'on purpose');
  const size = content.length;
  const asked = fault.ignoresRange === true ? null : noted.range;
  const from = Number(/^bytes=(\d+)-$/.exec(asked ?? '')?.[1] ?? 0);
  if (asked !== null && (from >= size || fault.refusesRange === true))
    return reply(response, 416, 'Range Not Satisfiable');
  if (asked !== null && fault.hidesRange !== true)
    response.setHeader(
      'content-range',
      `bytes ${String(from)}-${String(size - 1)}/${String(size)}`,
    );
  response.writeHead(asked === null ? 200 : 206, { 'content-length': size - from });
  const body = (fault.isWrong === true ? content.map((byte) => byte ^ 1) : content).subarray(from);
  const limit = Math.min(fault.cutAfterBytes ?? size, fault.stallAfterBytes ?? size);
  const isGone = (): boolean => response.destroyed;
  for (let at = 0; at < Math.min(body.length, limit) && !isGone();) {
    if (fault.slowMs !== undefined) await pause(fault.slowMs);
    while (at >= (fault.holdAfterBytes ?? size) && isInForce()) {
      if (isGone()) return null;
      await pause(5);
    }
    const chunk = body.subarray(at, Math.min(at + CHUNK_BYTES, limit));
    noted.bytes += chunk.length;
    at += chunk.length;
    if (!response.write(chunk))
      await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  if (body.length <= limit) return response.end();
  // A reply that stalls is left open.
  return fault.cutAfterBytes === undefined ? null : setImmediate(() => response.destroy());
}

/** An error, or a redirect. */
export function reply(
  response: ServerResponse,
  status: number,
  message: string,
  code?: string,
): ServerResponse {
  if (code !== undefined) response.setHeader('x-error-code', code);
  if (status >= 400) response.setHeader('x-error-message', message);
  response.writeHead(status, { 'content-type': 'application/json' });
  return response.end(JSON.stringify({ error: message }));
}

export function replyJson(response: ServerResponse, body: object): ServerResponse {
  response.writeHead(200, { 'content-type': 'application/json' });
  return response.end(JSON.stringify(body));
}
