/** Models of a few bytes, as files: heads without weights. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

import { GGUFValueType, serializeGgufMetadata } from '@huggingface/gguf';

import type { LocatedModel } from '../../../src/models/model-store.ts';

export async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-test-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

type Value = string | number | readonly number[];

/** A GGUF of keys alone. */
export async function writeGgufKeys(
  file: string,
  keys: Readonly<Record<string, Value>>,
): Promise<LocatedModel> {
  const typed = Object.entries(keys).map(([key, value]) => [key, toTyped(value)] as const);
  const head = serializeGgufMetadata({
    version: { value: 3, type: GGUFValueType.UINT32 },
    tensor_count: { value: 0n, type: GGUFValueType.UINT64 },
    kv_count: { value: BigInt(typed.length), type: GGUFValueType.UINT64 },
    ...Object.fromEntries(typed),
  });
  await writeFile(file, head);
  return { path: file, files: [file], bytes: head.byteLength };
}

function toTyped(value: Value) {
  if (typeof value === 'string') return { value, type: GGUFValueType.STRING };
  if (typeof value === 'number') return { value, type: GGUFValueType.UINT32 };
  const subType = GGUFValueType.UINT32;
  return { value: [...value], type: GGUFValueType.ARRAY, subType };
}

type TensorHead = { readonly dtype: string; readonly shape: readonly number[] };

/** A safetensors file whose data are as long as `dataBytes` says. */
export function safetensors(tensors: Readonly<Record<string, TensorHead>>, dataBytes = 0): Buffer {
  const entries = Object.entries(tensors).map(([name, head]) => [
    name,
    { ...head, data_offsets: [0, dataBytes] },
  ]);
  const header = Buffer.from(
    JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(dataBytes)]);
}

/** A model directory with these files; objects are written as JSON. */
export async function writeDirectory(
  directory: string,
  files: Readonly<Record<string, string | Buffer | object>>,
): Promise<LocatedModel> {
  for (const [name, content] of Object.entries(files)) {
    const file = join(directory, name);
    await mkdir(dirname(file), { recursive: true });
    const isRaw = typeof content === 'string' || Buffer.isBuffer(content);
    await writeFile(file, isRaw ? content : JSON.stringify(content));
  }
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return { path: directory, files: paths, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}
