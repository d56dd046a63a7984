/**
 * The cache that Python's huggingface_hub, llama.cpp and we share (its guide "Understand caching"):
 *
 *     models--org--name/blobs/<etag>              contents; `<etag>.incomplete` while it is fetched
 *                       refs/<revision>           the commit of a branch or a tag, also `refs/refs/pr/1`
 *                       snapshots/<commit>/<path> relative links to the contents
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { walkFiles } from '../files/walk-files.ts';

export type RepoCache = {
  /** `models--org--name`. */
  readonly folder: string;
  readonly directory: string;
  /** Of the pull that is under way. Beside Python's own locks, which are one for each file. */
  readonly lock: string;
};

export function repoCache(cacheDirectory: string, id: string): RepoCache {
  const folder = `models--${id.replaceAll('/', '--')}`;
  return {
    folder,
    directory: join(cacheDirectory, folder),
    lock: join(cacheDirectory, '.locks', folder, 'llm-ops.lock'),
  };
}

export function blobPath({ directory }: RepoCache, etag: string): string {
  return join(directory, 'blobs', etag);
}

/** Where a download goes until it is whole. */
export function partialPath(repo: RepoCache, etag: string): string {
  return `${blobPath(repo, etag)}.incomplete`;
}

export function snapshotPath({ directory }: RepoCache, commit: string): string {
  return join(directory, 'snapshots', commit);
}

/** The commit that a revision was when it was fetched last; a full commit is itself. null: it never was. */
export async function readCommit(
  { directory }: RepoCache,
  revision: string,
): Promise<string | null> {
  if (/^[0-9a-f]{40}$/.test(revision)) return revision;
  try {
    const text = await readFile(join(directory, 'refs', revision), 'utf8');
    return /^[0-9a-f]{40}$/.test(text.trim()) ? text.trim() : null;
  } catch {
    return null;
  }
}

export async function writeRef(repo: RepoCache, revision: string, commit: string): Promise<void> {
  if (revision === commit || (await readCommit(repo, revision)) === commit) return;
  const file = join(repo.directory, 'refs', revision);
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}.tmp`;
  await writeFile(draft, commit);
  await rename(draft, file);
}

/** Revision → commit, of everything below `refs/`. */
export async function readRefs(repo: RepoCache): Promise<ReadonlyMap<string, string>> {
  const refs = new Map<string, string>();
  for (const revision of await walkFiles(join(repo.directory, 'refs'))) {
    const commit = revision.endsWith('.tmp') ? null : await readCommit(repo, revision);
    if (commit !== null) refs.set(revision, commit);
  }
  return refs;
}

/** Puts a file of a snapshot in its place: a relative link, so that the cache can be moved as a whole. */
export async function linkIntoSnapshot(
  repo: RepoCache,
  commit: string,
  path: string,
  etag: string,
): Promise<void> {
  const pointer = join(snapshotPath(repo, commit), path);
  const target = relative(dirname(pointer), blobPath(repo, etag));
  if ((await readlink(pointer).catch(() => null)) === target) return;
  await mkdir(dirname(pointer), { recursive: true });
  await rm(pointer, { force: true });
  await symlink(target, pointer);
}
