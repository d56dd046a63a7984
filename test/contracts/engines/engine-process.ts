/** A program that is an engine, from its start until it is ready, and to its end with all that it started. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export type EngineProcess = {
  readonly url: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

const READY_WITHIN_MS = 5 * 60_000;
const STOP_WITHIN_MS = 10_000;

/** Starts it in a process group of its own. Throws with the end of what it said when it ends, or is not ready in time. */
export async function startProcess(options: {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly url: string;
}): Promise<EngineProcess> {
  const { file, args, env, url } = options;
  const child = spawn(file, [...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const said = keepOutput(child);
  const { pid } = child;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw error;
  }
  const killOnExit = (): void => killGroup(pid, 'SIGKILL');
  process.once('exit', killOnExit);
  const stop = async (): Promise<void> => {
    process.off('exit', killOnExit);
    await endGroup(child, pid);
  };
  try {
    await untilReady(url, child, said);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, pid, stop };
}

/** The death that nobody can prepare for. */
export function killProcess({ pid }: { readonly pid: number | null }): Promise<void> {
  if (pid !== null) process.kill(pid, 'SIGKILL');
  return Promise.resolve();
}

/** Resolves when `/health` answers 200. */
export async function untilHealthy(url: string, isAlive: () => boolean): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && isAlive()) {
    const reply = await fetch(`${url}/health`).catch(() => null);
    if (reply?.status === 200) return true;
    await sleep(100);
  }
  return false;
}

async function untilReady(url: string, child: ChildProcess, said: () => string): Promise<void> {
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  if (await untilHealthy(url, isAlive)) return;
  throw new Error(`the engine was never ready at ${url}:\n${said()}`);
}

function keepOutput(child: ChildProcess): () => string {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-4_000)));
  return () => said;
}

/** Asks first, so that the engine gives back what it holds; what is left then is killed. */
async function endGroup(child: ChildProcess, pid: number): Promise<void> {
  killGroup(pid, 'SIGTERM');
  const ended = once(child, 'exit');
  if (child.exitCode === null && child.signalCode === null)
    await Promise.race([ended, sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
  killGroup(pid, 'SIGKILL');
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is left.
  }
}
