import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/**
 * The hash that the hub calls a file by. Of a large file (LFS) it is the sha256 of the content, else git's blob id: the sha1 of
 * `blob <size>` , a zero byte and the content. Their lengths tell them apart.
 */
export function createContentHash(etag: string, bytes: number): Hash {
  if (etag.length === 64) return createHash('sha256');
  return createHash('sha1').update(`blob ${String(bytes)}\0`);
}

/** Reads the file into the hash. Returns how many bytes that were; `onBytes` gets the same while it reads. Throws the signal's reason. */
export async function hashFile(
  file: string,
  hash: Hash,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 ** 2 })) {
    signal.throwIfAborted();
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    onBytes(bytes);
  }
  return bytes;
}
