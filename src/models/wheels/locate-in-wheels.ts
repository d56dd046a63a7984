import { join } from 'node:path';

import type { LocatedModel } from '../model-store.ts';
import {
  lookAtWheelFile,
  readWheelRecord,
  type WheelFile,
  type WheelPlace,
  type WheelSource,
} from './wheel-store.ts';

/** What was taken out of the wheel and is still there with its size; null: not (all of) it. */
export async function locateInWheels(
  source: WheelSource,
  place: WheelPlace,
): Promise<LocatedModel | null> {
  const files = (await readWheelRecord(place))[source.path];
  if (files === undefined) return null;
  const states = await Promise.all(files.map(async (file) => lookAtWheelFile(place, file)));
  return states.includes('missing') ? null : toLocated(source, place, files);
}

export function toLocated(
  source: WheelSource,
  place: WheelPlace,
  files: readonly WheelFile[],
): LocatedModel {
  return {
    path: join(place.directory, source.path),
    files: files.map(({ path }) => join(place.directory, path)),
    bytes: files.reduce((total, { bytes }) => total + bytes, 0),
  };
}
