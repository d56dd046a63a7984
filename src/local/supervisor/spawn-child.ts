import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { identify, killGroup, type ProcessIdentity } from '../process/process-identity.ts';

export type ChildCommand = {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens an IPC channel, whose end tells the child that we are gone, however we went. */
  readonly ours: boolean;
};

export type RunningChild = {
  /** null: it could not be started. */
  readonly identity: ProcessIdentity | null;
  /** How it ended, in words; resolves when nothing of it and its group is left. Never rejects. */
  readonly ended: Promise<string>;
};

/** How long output may still come from a child that ended: a descendant outside of its group may hold the pipes for ever. */
const LAST_WORDS_MS = 1_000;

/** Starts a child in a session of its own, so that a terminal's Ctrl-C does not reach it; all its output goes to `onOutput`. */
export function spawnChild(
  { file, args, env, ours }: ChildCommand,
  onOutput: (chunk: Buffer) => void,
): RunningChild {
  const child = spawn(file, args, {
    detached: true,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe', ...(ours ? (['ipc'] as const) : [])],
  });
  for (const output of [child.stdout, child.stderr]) output?.on('data', onOutput);
  const identity = child.pid === undefined ? null : identify(child.pid);
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  child.on('error', (error) => {
    if (child.pid === undefined) resolve(`could not start: ${error.message}`);
  });
  child.on('exit', (code, signal) => {
    const text = signal === null ? `exited (${String(code)})` : `ended by ${signal}`;
    // Engines have helpers that hold GPU memory: none of them may outlive the engine.
    if (identity !== null) killGroup(identity);
    const closed = once(child, 'close').catch(() => undefined);
    void Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { ref: false })]).then(() =>
      resolve(text),
    );
  });
  return { identity, ended };
}
