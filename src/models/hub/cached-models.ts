/** Which models lie in the cache of one repository: a snapshot may hold several GGUF files, which are models each, or one directory. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { fileBytes, walkFiles } from '../files/walk-files.ts';
import { ggufParts } from '../selection/gguf-parts.ts';
import { selectDirectory, weightsIn } from '../selection/select-directory.ts';
import { modelsIn } from '../selection/select-gguf.ts';
import type { HubFile } from './api/hub-client.ts';
import { partialPath, readRefs, snapshotPath, type RepoCache } from './hub-cache.ts';
import type { HubRecord } from './hub-record.ts';
import { hasAllShards } from './locate-in-cache.ts';

export type CachedModel = {
  readonly commit: string;
  readonly refs: readonly string[];
  /** The (first) GGUF file; null: the snapshot as a directory. */
  readonly file: string | null;
  /** Paths in the snapshot of what is there, also in part. */
  readonly paths: readonly string[];
  /** On the disk, with what is there in part. */
  readonly bytes: number;
  readonly isComplete: boolean;
  readonly modifiedAtMs: number;
};

/** A file of a snapshot as it lies there; `expectedBytes` is null where only another tool knew. */
type CachedFile = {
  readonly bytes: number;
  readonly isWhole: boolean;
  readonly modifiedAtMs: number;
};

export async function cachedModels(
  repo: RepoCache,
  record: HubRecord,
): Promise<readonly CachedModel[]> {
  const refs = await readRefs(repo);
  const models: CachedModel[] = [];
  for (const commit of await readdir(join(repo.directory, 'snapshots')).catch(() => [])) {
    const listing = record.listings[commit] ?? null;
    const files = await filesOf(repo, commit, listing);
    const revisions = [...refs].filter(([, of]) => of === commit).map(([revision]) => revision);
    const describe = (
      file: string | null,
      paths: readonly string[],
      isWhole: boolean,
    ): CachedModel => {
      const mine = paths.flatMap((path) => files.get(path) ?? []);
      return {
        commit,
        refs: revisions,
        file,
        paths: paths.filter((path) => files.has(path)),
        bytes: mine.reduce((total, { bytes }) => total + bytes, 0),
        isComplete: isWhole && paths.every((path) => files.get(path)?.isWhole === true),
        modifiedAtMs: Math.max(0, ...mine.map((file) => file.modifiedAtMs)),
      };
    };
    const paths = [...files.keys()];
    const ggufs = modelsIn(paths);
    for (const file of ggufs) models.push(describe(file, ggufParts(file), true));
    const others = paths.filter((path) => !/\.gguf$/i.test(path));
    if (weightsIn(others).length > 0 || (ggufs.length === 0 && others.length > 0))
      models.push(describe(null, others, await isWholeDirectory(repo, commit, others, listing)));
  }
  return models;
}

/** Path → file, of a snapshot's files and of those that are being fetched into it. */
async function filesOf(
  repo: RepoCache,
  commit: string,
  listing: readonly HubFile[] | null,
): Promise<ReadonlyMap<string, CachedFile>> {
  const snapshot = snapshotPath(repo, commit);
  const expected = new Map(listing?.map((file) => [file.path, file]));
  const names = new Set(await walkFiles(snapshot));
  const files = new Map<string, CachedFile>();
  for (const path of new Set([...names, ...expected.keys()])) {
    const file = expected.get(path);
    const whole = await look(join(snapshot, path));
    const part = file === undefined ? null : await look(partialPath(repo, file.etag));
    // A link that leads nowhere is a file that is missing; a download that was refused has left nothing.
    if (whole === null && (part?.bytes ?? 0) === 0 && !names.has(path)) continue;
    files.set(path, {
      bytes: (whole?.bytes ?? 0) + (part?.bytes ?? 0),
      isWhole: whole !== null && whole.bytes === (file?.bytes ?? whole.bytes),
      modifiedAtMs: Math.max(whole?.modifiedAtMs ?? 0, part?.modifiedAtMs ?? 0),
    });
  }
  return files;
}

async function isWholeDirectory(
  repo: RepoCache,
  commit: string,
  paths: readonly string[],
  listing: readonly HubFile[] | null,
): Promise<boolean> {
  if (weightsIn(paths).length === 0) return false;
  if (listing === null) return hasAllShards(snapshotPath(repo, commit), paths);
  const wanted = selectDirectory(
    listing.map((file) => file.path),
    repo.folder,
  );
  return wanted.every((path) => paths.includes(path));
}

async function look(
  file: string,
): Promise<{ readonly bytes: number; readonly modifiedAtMs: number } | null> {
  const bytes = await fileBytes(file);
  return bytes === null ? null : { bytes, modifiedAtMs: (await stat(file)).mtimeMs };
}
