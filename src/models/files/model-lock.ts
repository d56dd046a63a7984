/**
 * One pull of one model at a time, of all processes that share a cache. The lock is the kernel's own (SQLite takes it for us; Node has no
 * flock): it ends with its process, however that ends, and holds between containers, where pids say nothing. The file stays, as those of
 * Python's tools do: taking it away would open a moment for two holders.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { LlmOpsError } from '../../errors.ts';
import { pause } from './pause.ts';

const LOOK_AGAIN_MS = 200;
const SQLITE_BUSY = 5;

/** Gives the lock back. */
export type Release = () => void;

/** Waits for its turn; `onWait` is called at each look. Throws the signal's reason. */
export async function waitForLock(
  file: string,
  signal: AbortSignal,
  onWait: () => void,
): Promise<Release> {
  for (;;) {
    signal.throwIfAborted();
    const release = await tryLock(file);
    if (release !== null) return release;
    onWait();
    await pause(LOOK_AGAIN_MS, signal);
  }
}

/** null: somebody else has it. */
export async function tryLock(file: string): Promise<Release | null> {
  let database: DatabaseSync | null = null;
  try {
    await mkdir(dirname(file), { recursive: true });
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    return database.close.bind(database);
  } catch (error) {
    database?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null;
    throw new LlmOpsError('path_refused', `Cannot lock ${file}: ${messageOf(error)}`, {
      hint: 'The cache must be on a disk that this user may write to and that has file locks.',
      cause: error,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
