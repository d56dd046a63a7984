/** Small JSON files of our own cache. Losing one costs time (a hash, a question to the hub), never a model. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { z } from 'zod';

/** null: there is none, or nothing that we could read. */
export async function readRecord<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.safeParse(JSON.parse(await readFile(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** Replaced by rename: a reader finds the old or the new one. */
export async function writeRecord(file: string, record: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(record));
  await rename(draft, file);
}
