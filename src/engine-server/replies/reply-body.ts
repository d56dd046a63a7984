import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

import { LlmOpsError } from '../../errors.ts';
import type { Job } from '../core/job.ts';
import type { Outcome } from '../core/stats.ts';

export type ReplyBody = {
  /** null: taken. Else it resolves when the connection takes more, and rejects when the job's signal aborts. Throws where the fault `die_at_byte` breaks the reply. */
  write(bytes: string | Buffer): Promise<void> | null;
  /** The last bytes. Just before, the job is settled; unless the fault breaks the reply in them. */
  end(bytes: string | Buffer, outcome: Outcome): void;
};

export type ReplyHead = {
  readonly status: number;
  readonly contentType: string;
  /** Bytes of a body that is sent in one go; undefined: of a stream, whose head leaves at once. */
  readonly length?: number;
};

/** Writes the head, and counts every byte of the body. */
export function openBody(job: Job, { status, contentType, length }: ReplyHead): ReplyBody {
  const { response, stats, faults, signal } = job;
  response.writeHead(status, {
    'content-type': contentType,
    ...(length === undefined ? {} : { 'content-length': length }),
  });
  if (length === undefined) response.flushHeaders();
  const { chunk, last } = takeOverChunking(response);
  const dieAt = faults.die_at_byte ?? Infinity;
  let sent = 0;

  /** Whether the fault lets all of these bytes through; else those that it does have left, and no others will. */
  function survives(bytes: string | Buffer, length: number): boolean {
    const passed = Math.min(length, dieAt - sent);
    sent += passed;
    stats.bytes_sent += passed;
    if (sent < dieAt) return true;
    if (passed > 0) response.write(chunk(Buffer.from(bytes).subarray(0, passed), passed));
    job.breakOff('die_at_byte');
    return false;
  }

  return {
    write(bytes) {
      const length = Buffer.byteLength(bytes);
      if (!survives(bytes, length)) {
        throw new LlmOpsError('engine_failed', 'The connection was broken on purpose.');
      }
      return response.write(chunk(bytes, length)) ? null : drained(response, signal);
    },
    end(bytes, outcome) {
      const length = Buffer.byteLength(bytes);
      if (!survives(bytes, length)) return;
      job.settle(outcome);
      response.end(last(bytes, length));
    },
  };
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal });
}

type Framing = {
  readonly chunk: (bytes: string | Buffer, length: number) => string | Buffer;
  /** The bytes, and the end of the body. */
  readonly last: (bytes: string | Buffer, length: number) => string | Buffer;
};

/**
 * Frames the chunks of HTTP/1.1 in Node's stead, which writes the length, the bytes and the end of the line as three buffers. One string is
 * one cheap write, and writing is most of what an event costs.
 */
function takeOverChunking(response: ServerResponse): Framing {
  if (!response.chunkedEncoding) return { chunk: (bytes) => bytes, last: (bytes) => bytes };
  response.chunkedEncoding = false;
  const frame = (bytes: string | Buffer, length: number, after: string) => {
    const before = `${length.toString(16)}\r\n`;
    if (typeof bytes === 'string') return before + bytes + after;
    return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);
  };
  return {
    chunk: (bytes, length) => frame(bytes, length, '\r\n'),
    last: (bytes, length) => frame(bytes, length, '\r\n0\r\n\r\n'),
  };
}
