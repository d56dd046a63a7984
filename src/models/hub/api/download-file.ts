import type { Hash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';

import { LlmOpsError } from '../../../errors.ts';
import { createContentHash, hashFile } from '../../files/content-hash.ts';
import { toWriteError } from '../../files/free-space.ts';
import type { PullLimits } from '../../pull-limits.ts';
import type { HubFile } from './hub-client.ts';
import { isTransient, toHubError, toNetworkError, type HubQuestion } from './hub-errors.ts';
import { persist, retryAfterMs, type Attempt } from './persist.ts';

export type Download = {
  readonly file: HubFile;
  readonly asked: HubQuestion;
  readonly partial: string;
  /** Where it goes when it is whole. */
  readonly target: string;
  readonly limits: PullLimits;
  readonly signal: AbortSignal;
  /** One request for the bytes from `from` on. */
  readonly open: (from: number, signal: AbortSignal) => Promise<Response>;
  /** Bytes of the file that are here; fewer than before when it had to begin anew. */
  readonly onBytes: (bytes: number) => void;
  /** An attempt has failed at so many bytes; there will be a pause, which may be long. */
  readonly onPause: (bytes: number) => void;
};

/** A partial file while it grows. `hash` has seen its first `bytes` bytes, which are all of it. */
type Growing = {
  readonly handle: FileHandle;
  hash: Hash;
  bytes: number;
  /** The most that an attempt has reached: who begins anew each time does not come nearer. */
  farthestBytes: number;
};

/**
 * Fetches one file and puts it into its place when its hash is right; a partial one goes on where it was. What somebody else left there (a
 * tool that fetches pieces out of order) may have the right size and the wrong bytes: then it begins anew, once.
 * Throws `model_corrupt`, `hub_unreachable`, `disk_full`, … and the signal's reason; the partial file stays, unless it is corrupt.
 */
export async function downloadFile(download: Download): Promise<void> {
  const { file, partial, target } = download;
  const first = await fetchWhole(download);
  if (first.etag !== file.etag) {
    const isOurs = first.startedAt === 0;
    await rm(partial, { force: true });
    if (isOurs || (await fetchWhole(download)).etag !== file.etag) {
      await rm(partial, { force: true });
      throw corrupt(download);
    }
  }
  await rename(partial, target);
}

async function fetchWhole(
  download: Download,
): Promise<{ readonly etag: string; readonly startedAt: number }> {
  const { file, partial, limits, signal, onBytes } = download;
  const handle = await open(partial, 'a').catch((error: unknown) => {
    throw toWriteError(error, partial);
  });
  try {
    const hash = createContentHash(file.etag, file.bytes);
    const growing: Growing = { handle, hash, bytes: 0, farthestBytes: 0 };
    if ((await handle.stat()).size > file.bytes) await beginAnew(growing, file);
    growing.bytes = await hashFile(partial, growing.hash, signal, onBytes);
    const startedAt = growing.bytes;
    growing.farthestBytes = startedAt;
    await persist(limits, signal, async () => fetchRest(download, growing));
    // Whole on the disk before it has the name of a whole file.
    await handle.sync();
    return { etag: growing.hash.digest('hex'), startedAt };
  } finally {
    await handle.close();
  }
}

async function fetchRest(download: Download, growing: Growing): Promise<Attempt<null>> {
  const { file, asked, limits, signal } = download;
  if (growing.bytes === file.bytes) return { isDone: true, value: null };
  const before = growing.bytes;
  const again = (error: LlmOpsError, pauseMs = 0): Attempt<null> => {
    const hasProgress = growing.bytes > growing.farthestBytes;
    growing.farthestBytes = Math.max(growing.bytes, growing.farthestBytes);
    download.onPause(growing.bytes);
    return { isDone: false, error, pauseMs, hasProgress };
  };
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(new Error(`no byte came for ${String(limits.stallMs / 1000)} s`));
  }, limits.stallMs);
  try {
    const response = await download.open(before, AbortSignal.any([signal, stalled.signal]));
    if (response.status === 416) {
      await beginAnew(growing, file);
      return again(await toHubError(response, asked));
    }
    if (!response.ok) {
      const error = await toHubError(response, asked);
      if (!isTransient(response.status)) throw error;
      return again(error, retryAfterMs(response));
    }
    if (before > 0 && !isFrom(response, before)) {
      await beginAnew(growing, file);
      // A part, but another one, or nobody says which. Anything else is all of it: a server may send more than it was asked for.
      if (response.status === 206)
        return again(toNetworkError(new Error(`another part of ${file.path} came`), asked));
    }
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      await append(download, growing, chunk as Uint8Array);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LlmOpsError) throw error;
    return again(toNetworkError(error, asked));
  } finally {
    clearTimeout(timer);
    // Ends the connection when we left before its end.
    stalled.abort();
  }
  if (growing.bytes === file.bytes) return { isDone: true, value: null };
  return again(toNetworkError(new Error(`${file.path} ended early`), asked));
}

async function append(download: Download, growing: Growing, chunk: Uint8Array): Promise<void> {
  const { file, partial, onBytes } = download;
  if (growing.bytes + chunk.length > file.bytes) {
    await beginAnew(growing, file);
    throw corrupt(download);
  }
  try {
    await growing.handle.appendFile(chunk);
  } catch (error) {
    throw toWriteError(error, partial);
  }
  growing.hash.update(chunk);
  growing.bytes += chunk.length;
  onBytes(growing.bytes);
}

async function beginAnew(growing: Growing, file: HubFile): Promise<void> {
  await growing.handle.truncate(0);
  growing.hash = createContentHash(file.etag, file.bytes);
  growing.bytes = 0;
}

function isFrom(response: Response, from: number): boolean {
  const range = response.headers.get('content-range') ?? '';
  return response.status === 206 && range.startsWith(`bytes ${String(from)}-`);
}

function corrupt({ file, asked }: Download): LlmOpsError {
  return new LlmOpsError(
    'model_corrupt',
    `${file.path} of ${asked.id} is not what the hub at ${asked.endpoint} says that it is: its size or its hash differs.`,
    {
      hint: 'Try again. If it stays so, a proxy or a mirror between here and the hub changes files.',
    },
  );
}
