import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { LlmOpsError } from '../../errors.ts';
import { printModelSource } from '../../config/values/model-source.ts';
import { fileBytes, walkFiles } from '../files/walk-files.ts';
import type { LocatedModel, ModelForm } from '../model-store.ts';
import { selectFiles } from '../selection/select-files.ts';
import { weightsIn } from '../selection/select-directory.ts';
import type { HubFile } from './api/hub-client.ts';
import { readCommit, repoCache, snapshotPath } from './hub-cache.ts';
import { readHubRecord } from './hub-record.ts';
import type { HubSettings } from './hub-settings.ts';
import type { HubSource } from './hub-source.ts';

/**
 * What is in the cache of that model, by names and sizes, without the network; null: not all of it. For a commit that we pulled we know all
 * its files; of one that another tool fetched, only what lies there: enough to see that shards are missing, not that a tokenizer is.
 */
export async function locateInCache(
  source: HubSource,
  form: ModelForm,
  settings: HubSettings,
): Promise<LocatedModel | null> {
  const repo = repoCache(settings.cacheDirectory, source.id);
  const commit = await readCommit(repo, source.revision ?? 'main');
  if (commit === null) return null;
  const { listings } = await readHubRecord(settings.recordDirectory, repo.folder);
  const snapshot = snapshotPath(repo, commit);
  const listing = listings[commit] ?? null;
  const paths = listing?.map((file) => file.path) ?? (await walkFiles(snapshot));
  const wanted = trySelect(paths, form, source);
  if (wanted === null) return null;
  if (listing === null && form === 'directory' && !(await hasAllShards(snapshot, wanted)))
    return null;
  return lookAtFiles(snapshot, wanted, listing);
}

/** The model made of these files of a snapshot; null: one is missing or has another size than the listing says. */
async function lookAtFiles(
  snapshot: string,
  wanted: readonly string[],
  listing: readonly HubFile[] | null,
): Promise<LocatedModel | null> {
  const expected = new Map(listing?.map((file) => [file.path, file.bytes]));
  let bytes = 0;
  for (const path of wanted) {
    const size = await fileBytes(join(snapshot, path));
    if (size === null || size !== (expected.get(path) ?? size)) return null;
    bytes += size;
  }
  return toLocated(snapshot, wanted, bytes);
}

/** A GGUF is opened by its (first) file, everything else by the directory. */
export function toLocated(
  snapshot: string,
  wanted: readonly string[],
  bytes: number,
): LocatedModel {
  const files = wanted.map((path) => join(snapshot, path));
  const [first] = files;
  const isGguf = first !== undefined && /\.gguf$/i.test(first);
  return { path: isGguf ? first : snapshot, files, bytes };
}

/** Whether the configuration is there, and every file of weights that an index names. */
export async function hasAllShards(snapshot: string, paths: readonly string[]): Promise<boolean> {
  if (!paths.includes('config.json')) return false;
  const kind = weightsIn(paths).some((path) => /\.safetensors$/i.test(path))
    ? 'safetensors'
    : 'bin';
  const indexes = paths.filter(
    (path) => path.endsWith(`.${kind}.index.json`) && !path.includes('/'),
  );
  for (const index of indexes) {
    const shards = await readShards(join(snapshot, index));
    if (shards === null || shards.some((shard) => !paths.includes(shard))) return false;
  }
  return true;
}

/** Names of the files in `weight_map`, as transformers writes it; null: it cannot be read. */
async function readShards(index: string): Promise<readonly string[] | null> {
  try {
    const { weight_map: map } = JSON.parse(await readFile(index, 'utf8')) as {
      readonly weight_map?: Readonly<Record<string, string>>;
    };
    return map === undefined ? null : [...new Set(Object.values(map))];
  } catch {
    return null;
  }
}

function trySelect(
  paths: readonly string[],
  form: ModelForm,
  source: HubSource,
): readonly string[] | null {
  try {
    return selectFiles(paths, form, source.file, printModelSource(source));
  } catch (error) {
    if (error instanceof LlmOpsError) return null;
    throw error;
  }
}
