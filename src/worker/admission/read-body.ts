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
    let parts: Buffer[] = [];
    let length = 0;
    let isOver = false;
    // What they tell afterwards is nobody's concern any more; to take them off would cost more than to leave them.
    const onBreak = (): void => {
      if (!isOver) reject(new LlmOpsError('invalid_request', 'the body broke off'));
    };
    body
      .on('data', (part: Buffer) => {
        // The rest of what is too large is read away.
        if (isOver) return;
        length += part.length;
        parts.push(part);
        if (length <= mostBytes) return;
        isOver = true;
        parts = [];
        reject(tooLarge(mostBytes));
      })
      .on('end', () => {
        isOver = true;
        resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
      })
      .on('close', onBreak)
      .on('error', onBreak);
  });
}

function tooLarge(mostBytes: number): LlmOpsError {
  return new LlmOpsError('body_too_large', `the body is larger than ${mostBytes} bytes`, {
    details: { most_bytes: mostBytes },
  });
}
