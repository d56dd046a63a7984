/** Fetches the native package of the built-in llama.cpp: once for a user and a version, by one process at a time. */
import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { LlmOpsError } from '../../errors.ts';
import type { Report } from '../../plan/runtime.ts';
import { acquireLock } from '../process/lock-file.ts';
import type { Environment } from '../units/unit-specs.ts';
import { directoryBytes } from './directory-bytes.ts';
import { isFetched, type LlamaPackage } from './llama-package.ts';
import { pinnedFiles } from './pinned-files.ts';
import { assertFetchable } from './assert-fetchable.ts';
import { runNpm } from './run-npm.ts';
import { tryLlamaPackage } from './try-llama-package.ts';

/** What lies there in the end, about. */
const PACKAGE_MB = 85;
/** With what npm keeps for itself meanwhile. */
const NEEDED_MB = 200;
const MB = 1_000_000;
const TELL_EVERY_MS = 3_000;
const LOOK_EVERY_MS = 500;

export type FetchContext = {
  readonly report: Report;
  readonly signal: AbortSignal;
};

/**
 * Returns when the package lies in its directory, complete and tried; at once when it is there already. While another process fetches
 * it, this one waits. Throws `engine_missing` (no binaries for this machine, no npm, no registry, a wrong hash, it does not load),
 * `disk_full`, and the signal's reason; then nothing is left behind.
 */
export async function fetchLlamaPackage(
  llama: LlamaPackage,
  env: Environment,
  context: FetchContext,
): Promise<void> {
  if (isFetched(llama)) return;
  const binary = assertFetchable(llama, env);
  const { directory } = llama;
  mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
  const release = await untilLocked(`${directory}.lock`, context);
  try {
    if (isFetched(llama)) return;
    removeDrafts(directory);
    assertRoom(dirname(directory));
    await fetchInto(llama, { binary, env, context });
  } finally {
    removeDrafts(directory);
    release();
  }
}

async function fetchInto(
  llama: LlamaPackage,
  { binary, env, context }: { binary: string; env: Environment; context: FetchContext },
): Promise<void> {
  const { version, platform, directory, pins } = llama;
  const { report, signal } = context;
  const draft = `${directory}.draft-${randomUUID()}`;
  const read = (name: string): string => readFileSync(join(pins, name), 'utf8');
  const files = pinnedFiles(
    { manifest: read('package.json'), lock: read('package-lock.json') },
    binary,
  );
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(join(draft, 'package.json'), files.manifest);
  writeFileSync(join(draft, 'package-lock.json'), files.lock);
  const what = `the built-in llama.cpp (node-llama-cpp ${version}, ${platform})`;
  report({ text: `fetching ${what} with npm, once: about ${String(PACKAGE_MB)} MB` });
  let told = 0;
  const timer = setInterval(() => {
    const done = Math.round(directoryBytes(draft) / MB);
    if (done === told) return;
    told = done;
    report({ text: `fetching ${what}: ${String(done)} of about ${String(PACKAGE_MB)} MB` });
  }, TELL_EVERY_MS);
  try {
    await runNpm({ directory: draft, env, signal });
  } finally {
    clearInterval(timer);
  }
  await tryLlamaPackage({ directory: draft, env, signal });
  // Something of ours that is not complete: somebody has deleted from it.
  rmSync(directory, { recursive: true, force: true });
  renameSync(draft, directory);
  report({ text: `fetched ${what}` });
}

async function untilLocked(file: string, { report, signal }: FetchContext): Promise<() => void> {
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    try {
      return acquireLock(file, 'another command fetches the built-in llama.cpp');
    } catch (error) {
      if (!(error instanceof LlmOpsError) || error.code !== 'already_running') throw error;
      if (isFirst) report({ text: `waiting: ${error.message}` });
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Whoever has the lock may do so: drafts are of fetches that were killed, or of its own. */
function removeDrafts(directory: string): void {
  const parent = dirname(directory);
  for (const name of readdirSync(parent))
    if (name.startsWith(`${basename(directory)}.draft-`))
      rmSync(join(parent, name), { recursive: true, force: true });
}

function assertRoom(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const freeMb = Math.floor((bavail * bsize) / MB);
  if (freeMb >= NEEDED_MB) return;
  const text = `fetching the built-in llama.cpp needs ${String(NEEDED_MB)} MB, and the disk of ${directory} has ${String(freeMb)} MB left`;
  throw new LlmOpsError('disk_full', text, {
    hint: 'Make room, or set XDG_CACHE_HOME to a directory of another disk.',
    details: { directory, neededBytes: NEEDED_MB * MB, freeBytes: bavail * bsize },
  });
}
