/** A target that is a process: started, waited for, and ended with what it wrote. */
import type { StdioOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAsker } from '../harness/client/asker.ts';
import { spawnPinned, type Spawned } from '../harness/spawn.ts';
import { LlmOpsError } from '../../src/errors.ts';
import type { RequestShape, RunningTarget, Shapes, TargetName } from './target.ts';

/** Short against the shortest start that there is. */
const TRY_EVERY_MS = 3;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const READY_TIMEOUT_MS = 30_000;

export type Program = {
  readonly name: TargetName;
  readonly command: string;
  readonly args: readonly string[];
  /** All of its environment but PATH: what a user has in theirs (`NODE_OPTIONS`, a proxy) is to have no say. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: StdioOptions;
  readonly core: number | null;
  readonly port: number;
  readonly shapes: Shapes;
  /** Takes back what was made for it; called once, when it is gone or could not be started. */
  readonly cleanUp: () => Promise<void>;
};

/** It also knows how long it took from its spawn to its first reply of status 200, in milliseconds. */
export type StartedProgram = RunningTarget & { readonly startMs: number };

/** Throws `start_failed` with what it complained of when it ends, or answers no plain request in time. */
export async function startProgram(program: Program): Promise<StartedProgram> {
  const { name, port, shapes, cleanUp, command, args, core, env, stdio } = program;
  const options = { command, args, core, env: { PATH, ...env }, ...(stdio && { stdio }) };
  const beganMs = performance.now();
  const spawned = await spawnPinned(options).catch(async (error: unknown) => {
    await cleanUp();
    throw error;
  });
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= spawned.close().then(cleanUp));
  try {
    await untilAnswers(name, spawned, { port, shape: shapes.plain });
  } catch (error) {
    await close();
    throw error;
  }
  const startMs = performance.now() - beganMs;
  return { name, port, rootPid: spawned.pid, shapes, close, startMs };
}

/** Throws for a target that is no process of its own. */
export function startMsOf(target: RunningTarget): number {
  if ('startMs' in target && typeof target.startMs === 'number') return target.startMs;
  throw new LlmOpsError('internal', `${target.name} is not started by the bench`);
}

type Asked = { readonly port: number; readonly shape: RequestShape };

async function untilAnswers(name: TargetName, spawned: Spawned, asked: Asked): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  let last = '';
  for (;;) {
    const leftMs = deadlineMs - performance.now();
    const { exitCode, signalCode } = spawned.child;
    const problem =
      exitCode !== null || signalCode !== null
        ? 'ended'
        : leftMs <= 0
          ? `does not answer: ${last}`
          : null;
    if (problem !== null)
      throw new LlmOpsError('start_failed', `${name} ${problem}\n${spawned.complaints()}`);
    try {
      await askOnce(asked, leftMs);
      return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(TRY_EVERY_MS);
  }
}

/** Throws for everything but a whole reply of status 200 in time. */
async function askOnce(asked: Asked, timeoutMs: number): Promise<void> {
  const late = new AbortController();
  const timeout = sleep(timeoutMs, undefined, { signal: late.signal }).then(() => {
    throw new Error('no reply in time');
  });
  timeout.catch(() => undefined);
  try {
    const asker = await openAsker(asked);
    try {
      await Promise.race([asker.ask(), timeout]);
    } finally {
      asker.close();
    }
  } finally {
    late.abort();
  }
}
