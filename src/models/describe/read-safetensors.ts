/** The head of a safetensors file: 8 bytes of length, little-endian, then that much JSON. Format: github.com/huggingface/safetensors. */
import { open } from 'node:fs/promises';

import { z } from 'zod';

import { unreadable } from './unreadable.ts';

export type Tensor = {
  readonly name: string;
  /** `BF16`, `F8_E4M3`, `I32`. */
  readonly dtype: string;
  readonly shape: readonly number[];
};

const WHAT = 'a safetensors file';
const LENGTH_BYTES = 8;
/** The limit of the format's own library. */
const MOST_HEADER_BYTES = 100_000_000;

/** Remarks stand among the tensors, below a name of their own. */
const REMARKS = '__metadata__';

const TensorHead = z.object({ dtype: z.string(), shape: z.array(z.int().nonnegative()) });
const Header = z.record(z.string(), z.unknown());

/** The tensors of one file, without their data. Throws `model_corrupt`, and what the file system throws. */
export async function readSafetensors(file: string): Promise<readonly Tensor[]> {
  const text = await readHeaderText(file);
  try {
    return Object.entries(Header.parse(JSON.parse(text)))
      .filter(([name]) => name !== REMARKS)
      .map(([name, head]) => ({ name, ...TensorHead.parse(head) }));
  } catch (error) {
    throw await unreadable(file, WHAT, error);
  }
}

async function readHeaderText(file: string): Promise<string> {
  await using handle = await open(file);
  const length = Buffer.alloc(LENGTH_BYTES);
  const { bytesRead } = await handle.read(length, 0, LENGTH_BYTES, 0);
  const headerBytes = Number(length.readBigUInt64LE());
  if (bytesRead < LENGTH_BYTES || headerBytes > MOST_HEADER_BYTES)
    throw await unreadable(file, WHAT);
  const header = Buffer.alloc(headerBytes);
  const read = await handle.read(header, 0, headerBytes, LENGTH_BYTES);
  if (read.bytesRead < headerBytes) throw await unreadable(file, WHAT);
  return header.toString('utf8');
}
