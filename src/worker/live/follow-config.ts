/** The worker's configuration file, and what lies beside it, read at the start and again whenever it changes. */
import { watch } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { WORKER_CONFIG_FILE, WorkerConfig } from '../../config/worker-config.ts';
import { LlmOpsError } from '../../errors.ts';

/** Watching does not cross every mount, so the files are also looked at this often. */
const POLL_EVERY_MS = 2_000;

/** A file of the directory that is followed. */
export type FollowedFile = {
  /** Its path. */
  readonly file: string;
  /** What was loaded: a change since then is one to tell of. Null: it was not there. */
  readonly text: string | null;
  /** Gets each new text, and null when the file is gone. Throws what is wrong with it. */
  readonly take: (text: string | null) => void;
  /** Called whenever it cannot be read, or not be taken. */
  readonly failed?: () => void;
};

/** The configuration, and its text, from which `followConfig` goes on. */
export async function loadWorkerConfig(
  directory: string,
): Promise<{ readonly config: WorkerConfig; readonly text: string }> {
  const file = join(directory, WORKER_CONFIG_FILE);
  const text = await readIfThere(file);
  if (text === null) throw notThere(file);
  return { config: parseFile(WorkerConfig, text, file), text };
}

/**
 * Calls `onChange` with each new configuration and `onError` with what is wrong with a broken one, which changes nothing. Files beside it
 * are looked at on the same occasions. Returns the function that stops it: after that nothing is called.
 */
export function followConfig(options: {
  readonly directory: string;
  /** What was loaded: a change since then is one to tell of. */
  readonly text: string;
  readonly onChange: (config: WorkerConfig) => void;
  readonly onError: (error: unknown) => void;
  readonly beside?: readonly FollowedFile[];
}): () => void {
  const { directory, text, onChange, onError, beside = [] } = options;
  const file = join(directory, WORKER_CONFIG_FILE);
  const take = (changed: string | null): void => {
    if (changed === null) throw notThere(file);
    onChange(parseFile(WorkerConfig, changed, file));
  };
  let isStopped = false;
  const looks = [{ file, text, take }, ...beside].map((followed) =>
    createLook(followed, { onError, isStopped: () => isStopped }),
  );
  let looking = Promise.resolve();
  const lookSoon = (): void => {
    looking = looking.then(async () => {
      for (const look of looks) await look();
    });
  };
  const unwatch = watchDirectory(directory, { onEvent: lookSoon, onError });
  const timer = setInterval(lookSoon, POLL_EVERY_MS);
  timer.unref();
  // After the watching began, so that no change falls between the two.
  lookSoon();
  return () => {
    isStopped = true;
    clearInterval(timer);
    unwatch();
  };
}

/** The function that looks whether a file has changed. It never rejects. */
function createLook(
  { file, text, take, failed }: FollowedFile,
  { onError, isStopped }: { onError: (error: unknown) => void; isStopped: () => boolean },
): () => Promise<void> {
  let seen = text;
  let told = '';
  return async () => {
    try {
      const now = await readIfThere(file);
      if (isStopped() || now === seen) return;
      seen = now;
      told = '';
      take(now);
    } catch (error) {
      if (isStopped()) return;
      failed?.();
      // What cannot be read now cannot be read at the next look either: once is enough to say so.
      const words = error instanceof Error ? error.message : String(error);
      if (words !== told) onError(error);
      told = words;
    }
  };
}

/** The directory is watched, not the file: a rename over the file gives it a new inode. */
function watchDirectory(
  directory: string,
  { onEvent, onError }: { onEvent: () => void; onError: (error: unknown) => void },
): () => void {
  try {
    const watcher = watch(directory, { persistent: false }, onEvent);
    watcher.on('error', onError);
    return () => watcher.close();
  } catch (error) {
    // The machine may have no watches left. Polling sees the same, a little later.
    onError(error);
    return () => undefined;
  }
}

/** The text of a file; null when it is not there. Throws `config_invalid` when it is there and cannot be read. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const there = isMissing(cause) ? await lstat(file).catch(() => null) : undefined;
    if (there === null) return null;
    // It came between the two looks. A link that leads nowhere is there, too: what it should lead to is missing.
    if (there?.isFile() === true) return readIfThere(file);
    throw new LlmOpsError('config_invalid', `cannot read ${file}`, { cause });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function notThere(file: string): LlmOpsError {
  return new LlmOpsError(
    'config_invalid',
    `cannot read the configuration ${file}: it is not there`,
  );
}

/** The value that a file of JSON has. Throws `config_invalid` that names the file and each problem. */
export function parseFile<T>(schema: z.ZodType<T>, text: string, file: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new LlmOpsError('config_invalid', `${file} is not JSON`, { cause });
  }
  // What zod can compile for a schema pays for who parses often.
  const parsed = schema.safeParse(value, { jitless: true });
  if (parsed.success) return parsed.data;
  throw new LlmOpsError('config_invalid', `${file}:\n${z.prettifyError(parsed.error)}`);
}
