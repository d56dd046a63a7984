import { lstat, readdir, readlink, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';

import { LlmOpsError } from '../../errors.ts';
import { printModelSource } from '../../config/values/model-source.ts';
import { tryLock } from '../files/model-lock.ts';
import { requireUnused } from '../files/require-unused.ts';
import { walkFiles } from '../files/walk-files.ts';
import { chooseGguf } from '../selection/select-gguf.ts';
import { cachedModels, type CachedModel } from './cached-models.ts';
import {
  partialPath,
  readCommit,
  readRefs,
  repoCache,
  snapshotPath,
  type RepoCache,
} from './hub-cache.ts';
import { readHubRecord, writeHubRecord, type HubRecord } from './hub-record.ts';
import type { HubSettings } from './hub-settings.ts';
import type { HubSource } from './hub-source.ts';

/** See `ModelStore.remove`: a file of all its revisions, a revision, or the repository. Blobs that another snapshot needs stay. */
export async function removeFromCache(source: HubSource, settings: HubSettings): Promise<number> {
  const repo = repoCache(settings.cacheDirectory, source.id);
  const absent = new LlmOpsError(
    'model_not_here',
    `${printModelSource(source)} is not in ${settings.cacheDirectory}.`,
    {
      hint: '`llm-ops model list` shows what is.',
    },
  );
  if ((await readdir(repo.directory).catch(() => null)) === null) throw absent;
  const release = await tryLock(repo.lock);
  if (release === null)
    throw new LlmOpsError('model_in_use', `${source.id} is being pulled.`, {
      hint: 'Wait for that pull, or end it.',
    });
  try {
    const record = await readHubRecord(settings.recordDirectory, repo.folder);
    const models = await cachedModels(repo, record);
    const going = await choose(source, repo, models);
    if (
      going.length === 0 &&
      (models.length > 0 || source.revision !== null || source.file !== null)
    )
      throw absent;
    return await (going.length === models.length
      ? removeRepository(source.id, repo, going, settings)
      : removeModels(source.id, repo, going, { record, settings }));
  } finally {
    release();
  }
}

async function choose(
  source: HubSource,
  repo: RepoCache,
  models: readonly CachedModel[],
): Promise<readonly CachedModel[]> {
  const commit = source.revision === null ? null : await readCommit(repo, source.revision);
  const ofRevision = models.filter((model) => source.revision === null || model.commit === commit);
  if (source.file === null) return ofRevision;
  const names = [...new Set(ofRevision.flatMap(({ file }) => file ?? []))];
  const chosen = nameOf(names, source.file, source);
  return ofRevision.filter(({ file }) => file === chosen);
}

function nameOf(names: readonly string[], wanted: string, source: HubSource): string {
  try {
    return chooseGguf(names, wanted, source.id);
  } catch (error) {
    if (!(error instanceof LlmOpsError)) throw error;
    throw new LlmOpsError('model_not_here', error.message, {
      ...(error.hint !== null && { hint: error.hint }),
      cause: error,
    });
  }
}

async function removeRepository(
  id: string,
  repo: RepoCache,
  going: readonly CachedModel[],
  settings: HubSettings,
): Promise<number> {
  const files = (await walkFiles(repo.directory)).map((file) => join(repo.directory, file));
  await requireUnused(id, [...directoriesOf(going, repo), ...files]);
  const freed = await bytesOf(files);
  await rm(repo.directory, { recursive: true });
  await rm(join(settings.recordDirectory, `${repo.folder}.json`), { force: true });
  return freed;
}

/** Links first, then what no link leads to any more. */
async function removeModels(
  id: string,
  repo: RepoCache,
  going: readonly CachedModel[],
  { record, settings }: { readonly record: HubRecord; readonly settings: HubSettings },
): Promise<number> {
  const pointers = going.flatMap(({ commit, paths }) =>
    paths.map((path) => join(snapshotPath(repo, commit), path)),
  );
  const partials = going.flatMap(({ commit, paths }) =>
    (record.listings[commit] ?? [])
      .filter(({ path }) => paths.includes(path))
      .map(({ etag }) => partialPath(repo, etag)),
  );
  const targets = new Set([...(await Promise.all(pointers.map(targetOf))), ...partials]);
  const staying = (await walkFiles(join(repo.directory, 'snapshots')))
    .map((path) => join(repo.directory, 'snapshots', path))
    .filter((pointer) => !pointers.includes(pointer));
  const needed = new Set(await Promise.all(staying.map(targetOf)));
  // What lies in a store elsewhere is its own matter.
  const gone = [...targets].filter(
    (target) => !needed.has(target) && target.startsWith(repo.directory + sep),
  );
  await requireUnused(id, [...directoriesOf(going, repo), ...pointers, ...gone]);
  const freed = await bytesOf(gone);
  for (const file of [...pointers, ...gone]) await rm(file, { force: true });
  await forgetEmptySnapshots(repo, record, settings);
  return freed;
}

/** What engines that load a directory are given. */
function directoriesOf(models: readonly CachedModel[], repo: RepoCache): readonly string[] {
  return models.flatMap(({ commit, file }) => (file === null ? snapshotPath(repo, commit) : []));
}

/** The blob that a file of a snapshot is; the file itself where a tool made no link. One step only: a blob may be a link to a shared store. */
async function targetOf(pointer: string): Promise<string> {
  const link = await readlink(pointer).catch(() => null);
  return link === null ? pointer : resolve(dirname(pointer), link);
}

async function forgetEmptySnapshots(
  repo: RepoCache,
  record: HubRecord,
  settings: HubSettings,
): Promise<void> {
  const refs = await readRefs(repo);
  const empty = new Set<string>();
  for (const commit of await readdir(join(repo.directory, 'snapshots')))
    if ((await walkFiles(snapshotPath(repo, commit))).length === 0) empty.add(commit);
  for (const commit of empty) await rm(snapshotPath(repo, commit), { recursive: true });
  for (const [revision, commit] of refs)
    if (empty.has(commit)) await rm(join(repo.directory, 'refs', revision), { force: true });
  const listings = Object.entries(record.listings).filter(([commit]) => !empty.has(commit));
  await writeHubRecord(settings.recordDirectory, repo.folder, {
    ...record,
    listings: Object.fromEntries(listings),
  });
}

async function bytesOf(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async (file) =>
      lstat(file).then(
        (found) => (found.isFile() ? found.size : 0),
        () => 0,
      ),
    ),
  );
  return sizes.reduce((total, bytes) => total + bytes, 0);
}
