/** What we know of a model in the hub's cache beyond what lies there. In our own cache directory: the hub's layout is not ours to add to. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { readRecord, writeRecord } from '../files/record-file.ts';
import type { HubFile } from './api/hub-client.ts';

const Listing = z
  .array(z.object({ path: z.string(), bytes: z.int(), etag: z.string() }))
  .readonly();
const Checked = z.object({ bytes: z.int(), mtimeMs: z.number(), etag: z.string() });
const Record = z.object({
  /** Commit → all files of the repository. A commit never changes, so neither does this. */
  listings: z.record(z.string(), Listing),
  /** Absolute path → what it was when its hash was right. */
  checked: z.record(z.string(), Checked),
});

export type HubRecord = {
  readonly listings: Record<string, readonly HubFile[]>;
  readonly checked: Record<string, z.infer<typeof Checked>>;
};

/** An empty one when there is none. */
export async function readHubRecord(directory: string, folder: string): Promise<HubRecord> {
  return (
    (await readRecord(join(directory, `${folder}.json`), Record)) ?? { listings: {}, checked: {} }
  );
}

export async function writeHubRecord(
  directory: string,
  folder: string,
  record: HubRecord,
): Promise<void> {
  await writeRecord(join(directory, `${folder}.json`), record);
}

/** Whether the file is the one whose hash was right once: nobody has written to it since. */
export async function isChecked(record: HubRecord, file: string, etag: string): Promise<boolean> {
  const known = record.checked[file];
  const { size, mtimeMs } = await stat(file);
  return known?.etag === etag && known.bytes === size && known.mtimeMs === mtimeMs;
}

/** Remembers that the file's hash is `etag`. */
export async function markChecked(record: HubRecord, file: string, etag: string): Promise<void> {
  const { size, mtimeMs } = await stat(file);
  record.checked[file] = { bytes: size, mtimeMs, etag };
}
