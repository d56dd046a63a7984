/** What lies where in a stack's state directory, and how all of it goes away again. Other runtimes may keep their files beside ours. */
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { ENGINE_PROGRESS_FILE, WORKER_CONFIG_FILE } from '../../config/worker-config.ts';

/** Name of the supervisor's own log; no unit can have it, because engines are named `<service>-engine-<n>`. */
export const SUPERVISOR = 'supervisor';

const STATE_ROOT = '.llm-ops';

export const statePath = (directory: string): string => join(directory, 'local.json');
export const jobPath = (directory: string): string => join(directory, 'job.json');
/** Held by the supervisor while it lives. */
export const supervisorLockPath = (directory: string): string => join(directory, 'supervisor.lock');
/** Held by whoever is changing the stack. */
export const changeLockPath = (directory: string): string => join(directory, 'change.lock');
export const workerDirectory = (directory: string): string => join(directory, 'worker');
export const logsDirectory = (directory: string): string => join(directory, 'logs');
export const logPath = (directory: string, unit: string): string =>
  join(logsDirectory(directory), `${unit}.log`);

export function makeStateDirectory(directory: string): void {
  // The files say what runs with which arguments: nobody else's business.
  for (const path of [directory, workerDirectory(directory), logsDirectory(directory)])
    mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Replaces a file at once: readers find the old text or the new one. One writer at a time. */
export function writeAtomically(file: string, text: string): void {
  const draft = `${file}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}

/** Removes the files that the local runtime made, but for the change lock, which its holder removes. */
export function removeStateFiles(directory: string): void {
  const worker = workerDirectory(directory);
  const files = [join(worker, WORKER_CONFIG_FILE), join(worker, ENGINE_PROGRESS_FILE)];
  for (const file of [statePath(directory), jobPath(directory), ...files])
    for (const path of [file, `${file}.tmp`]) rmSync(path, { force: true });
  rmSync(supervisorLockPath(directory), { force: true });
  for (const name of listNames(directory))
    if (/\.lock\../.test(name)) rmSync(join(directory, name), { force: true });
  for (const name of listNames(logsDirectory(directory)))
    if (/\.log(\.1)?$/.test(name)) rmSync(join(logsDirectory(directory), name), { force: true });
}

/** Removes the directories that are empty by now, and the one above if it is the common root of all stacks. */
export function removeEmptyDirectories(directory: string): void {
  const parent = dirname(directory);
  const ours = [workerDirectory(directory), logsDirectory(directory), directory];
  for (const path of basename(parent) === STATE_ROOT ? [...ours, parent] : ours) {
    try {
      rmdirSync(path);
    } catch {
      // Something of somebody else's is in it, or it is gone already.
    }
  }
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
