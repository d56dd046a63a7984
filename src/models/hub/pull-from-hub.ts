import { mkdir, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { LlmOpsError } from '../../errors.ts';
import { printModelSource } from '../../config/values/model-source.ts';
import { createContentHash, hashFile } from '../files/content-hash.ts';
import { requireSpace } from '../files/free-space.ts';
import { waitForLock } from '../files/model-lock.ts';
import { fileBytes } from '../files/walk-files.ts';
import type { LocatedModel, PullOptions } from '../model-store.ts';
import type { PullLimits } from '../pull-limits.ts';
import { selectFiles } from '../selection/select-files.ts';
import { createHubClient, type HubClient, type HubFile } from './api/hub-client.ts';
import { downloadFile } from './api/download-file.ts';
import { requireAskable } from './api/require-askable.ts';
import {
  blobPath,
  linkIntoSnapshot,
  partialPath,
  repoCache,
  snapshotPath,
  writeRef,
  type RepoCache,
} from './hub-cache.ts';
import {
  isChecked,
  markChecked,
  readHubRecord,
  writeHubRecord,
  type HubRecord,
} from './hub-record.ts';
import type { HubSettings } from './hub-settings.ts';
import type { HubSource } from './hub-source.ts';
import { locateInCache, toLocated } from './locate-in-cache.ts';

/** One pull: what is wanted of which commit, and everything that its steps share. */
type Pull = {
  readonly source: HubSource;
  readonly settings: HubSettings;
  readonly limits: PullLimits;
  readonly options: PullOptions;
  readonly client: HubClient;
  readonly repo: RepoCache;
  readonly commit: string;
  readonly listing: readonly HubFile[];
  readonly wanted: readonly HubFile[];
};

/** See `ModelStore.pull`. */
export async function pullFromHub(
  source: HubSource,
  options: PullOptions,
  settings: HubSettings,
  limits: PullLimits,
): Promise<LocatedModel> {
  const { signal, onProgress } = options;
  signal.throwIfAborted();
  if (settings.isOffline) return requireHere(source, options, settings);
  requireAskable(settings);
  onProgress({ text: `asking ${settings.endpoint}`, doneBytes: 0, totalBytes: null });
  const client = createHubClient({ settings, limits, signal });
  const commit = await client.resolveCommit(source.id, source.revision ?? 'main');
  const repo = repoCache(settings.cacheDirectory, source.id);
  const known = (await readHubRecord(settings.recordDirectory, repo.folder)).listings[commit];
  const listing = known ?? (await client.listFiles(source.id, commit));
  const paths = selectFiles(
    listing.map((file) => file.path),
    options.form,
    source.file,
    printModelSource(source),
  );
  const wanted = listing.filter((file) => paths.includes(file.path));
  const pull = { source, settings, limits, options, client, repo, commit, listing, wanted };
  const release = await waitForLock(repo.lock, signal, () => {
    onProgress({ text: 'waiting for another pull of this model', doneBytes: 0, totalBytes: null });
  });
  try {
    await bring(pull);
  } finally {
    release();
  }
  return toLocated(snapshotPath(repo, commit), paths, sizeOf(wanted));
}

async function bring(pull: Pull): Promise<void> {
  const { source, settings, limits, repo, commit, wanted } = pull;
  // Read again: another pull may have written it while we waited.
  const record = await readHubRecord(settings.recordDirectory, repo.folder);
  record.listings[commit] = pull.listing;
  const save = async (): Promise<void> =>
    writeHubRecord(settings.recordDirectory, repo.folder, record);
  // Before the first byte, so that `list` can say what an interrupted pull was about.
  await save();
  await mkdir(join(repo.directory, 'blobs'), { recursive: true });
  await mkdir(snapshotPath(repo, commit), { recursive: true });
  const missing = await findMissing(pull, record);
  await save();
  const partialBytes = await Promise.all(
    missing.map(async ({ etag }) => (await fileBytes(partialPath(repo, etag))) ?? 0),
  );
  const restBytes = missing.reduce(
    (rest, { bytes }, at) => rest + Math.max(bytes - (partialBytes[at] ?? 0), 0),
    0,
  );
  await requireSpace(printModelSource(source), restBytes, repo.directory, limits);
  const isFetched = async ({ etag }: HubFile): Promise<boolean> => {
    const blob = await realpathOf(blobPath(repo, etag));
    return blob !== null && isChecked(record, blob, etag);
  };
  let doneBytes = sizeOf(wanted) - sizeOf(missing);
  for (const file of missing) {
    // Files of the same content are one blob.
    if (await isFetched(file)) await linkIntoSnapshot(repo, commit, file.path, file.etag);
    else await fetchFile(pull, file, doneBytes);
    doneBytes += file.bytes;
    await markChecked(record, await realpath(blobPath(repo, file.etag)), file.etag);
    await save();
  }
  // Last: until now the revision is what it was, and whole if it was.
  await writeRef(repo, source.revision ?? 'main', commit);
}

/** Looks at each wanted file, and reads those that nobody has read since they were written. Links the good ones into the snapshot. */
async function findMissing(pull: Pull, record: HubRecord): Promise<readonly HubFile[]> {
  const { repo, commit, wanted, options } = pull;
  const missing: HubFile[] = [];
  let doneBytes = 0;
  for (const file of wanted) {
    const path = await findFile(pull, file);
    const onBytes = (bytes: number): void => {
      options.onProgress({
        text: `checking ${file.path}`,
        doneBytes: doneBytes + bytes,
        totalBytes: sizeOf(wanted),
      });
    };
    if (path === null || !(await isRight(path, file, record, options.signal, onBytes))) {
      missing.push(file);
    } else if (path === (await realpathOf(blobPath(repo, file.etag)))) {
      await linkIntoSnapshot(repo, commit, file.path, file.etag);
    }
    doneBytes += file.bytes;
  }
  return missing;
}

/** Where the file's bytes are: a tool that could make no links has put them into the snapshot itself. null: nowhere. */
async function findFile({ repo, commit }: Pull, file: HubFile): Promise<string | null> {
  return (
    (await realpathOf(join(snapshotPath(repo, commit), file.path))) ??
    (await realpathOf(blobPath(repo, file.etag)))
  );
}

async function isRight(
  path: string,
  file: HubFile,
  record: HubRecord,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<boolean> {
  if ((await stat(path)).size !== file.bytes) return false;
  if (await isChecked(record, path, file.etag)) return true;
  const hash = createContentHash(file.etag, file.bytes);
  await hashFile(path, hash, signal, onBytes);
  if (hash.digest('hex') !== file.etag) return false;
  await markChecked(record, path, file.etag);
  return true;
}

async function fetchFile(pull: Pull, file: HubFile, doneBytes: number): Promise<void> {
  const { source, settings, limits, options, client, repo, commit, wanted } = pull;
  const totalBytes = sizeOf(wanted);
  const tell = (text: string, bytes: number): void =>
    options.onProgress({ text, doneBytes: doneBytes + bytes, totalBytes });
  const target = blobPath(repo, file.etag);
  await mkdir(dirname(target), { recursive: true });
  await downloadFile({
    file,
    asked: { ...settings, id: source.id, revision: source.revision ?? 'main', file: file.path },
    partial: partialPath(repo, file.etag),
    target,
    limits,
    signal: options.signal,
    open: async (from, signal) => client.openFile(source.id, commit, file.path, from, signal),
    onBytes: (bytes) => tell(file.path, bytes),
    onPause: (bytes) => tell(`${file.path}, trying again`, bytes),
  });
  const pointer = join(snapshotPath(repo, commit), file.path);
  if ((await realpathOf(pointer)) !== (await realpathOf(target)))
    await rm(pointer, { force: true });
  await linkIntoSnapshot(repo, commit, file.path, file.etag);
}

async function requireHere(
  source: HubSource,
  { form }: PullOptions,
  settings: HubSettings,
): Promise<LocatedModel> {
  const located = await locateInCache(source, form, settings);
  if (located !== null) return located;
  throw new LlmOpsError(
    'model_not_here',
    `${printModelSource(source)} is not (whole) in ${settings.cacheDirectory}, and HF_HUB_OFFLINE forbids to fetch it.`,
    { hint: 'Unset HF_HUB_OFFLINE and pull it once, or copy the cache of a machine that has it.' },
  );
}

async function realpathOf(path: string): Promise<string | null> {
  return realpath(path).catch(() => null);
}

function sizeOf(files: readonly HubFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
