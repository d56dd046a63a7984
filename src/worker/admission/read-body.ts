/** A request's body: read as far as its service allows, then parsed as JSON. */
import type { Readable } from 'node:stream';
import { LlmOpsError } from '../../errors.ts';
import { checkJsonSize } from './json-size.ts';

/**
 * Resolves with the JSON value; undefined: an empty body. Rejects with `body_too_large`, before it reads anything where the length is
 * declared, and else with the first byte too many; with `invalid_request` for what is no JSON, for JSON that is too deep or of too many
 * values, and for a body that breaks off.
 */
export async function readBody(
  body: Readable,
  { declaredBytes, mostBytes }: { declaredBytes: number | null; mostBytes: number },
): Promise<unknown> {
  if (declaredBytes !== null && declaredBytes > mostBytes) throw tooLarge(mostBytes);
  const bytes = await collect(body, mostBytes);
  if (bytes.length === 0) return undefined;
  checkJsonSize(bytes);
  try {
    // Python's json, which read these bodies, skips a byte order mark.
    return JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : '';
    throw new LlmOpsError('invalid_request', `the body is not JSON: ${reason}`, { cause });
  }
}

function collect(body: Readable, mostBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const stop = (): void => {
      body.off('data', onData).off('end', onEnd).off('close', onBreak).off('error', onBreak);
    };
    const onData = (part: Buffer): void => {
      length += part.length;
      parts.push(part);
      if (length <= mostBytes) return;
      stop();
      reject(tooLarge(mostBytes));
    };
    const onEnd = (): void => {
      stop();
      resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
    };
    const onBreak = (): void => {
      stop();
      reject(new LlmOpsError('invalid_request', 'the body broke off'));
    };
    body.on('data', onData).on('end', onEnd).on('close', onBreak).on('error', onBreak);
  });
}

function tooLarge(mostBytes: number): LlmOpsError {
  return new LlmOpsError('body_too_large', `the body is larger than ${mostBytes} bytes`, {
    details: { most_bytes: mostBytes },
  });
}
