/** Processes that end with the bench, however it ends. */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pinned } from './pin.ts';

export type SpawnOptions = {
  readonly command: string;
  readonly args: readonly string[];
  /** The core that it and all that it starts may use; null: any. */
  readonly core: number | null;
  /** All of its environment; left out: that of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Left out: nothing in, nothing out, its complaints kept for `complaints`. */
  readonly stdio?: StdioOptions;
};

export type Spawned = {
  readonly child: ChildProcess;
  readonly pid: number;
  /** The last of what it wrote to standard error, where that is a pipe. */
  readonly complaints: () => string;
  /** SIGTERM, after three seconds SIGKILL, to it and to all that it started and that did not leave its group. Resolves when it is gone. */
  readonly close: () => Promise<void>;
};

const GRACE_MS = 3_000;
const MOST_COMPLAINTS = 4_096;

/** Leaders of process groups that live. */
const groups = new Set<number>();

/** Resolves when it runs. Throws where it cannot be started. */
export async function spawnPinned(options: SpawnOptions): Promise<Spawned> {
  const { core, env, cwd, stdio = ['ignore', 'ignore', 'pipe'] } = options;
  const [command, args] = pinned(core, options.command, options.args);
  const child = spawn(command, args, {
    stdio,
    // A group of its own: it can be ended as a whole, and a Ctrl-C at the terminal reaches only us.
    detached: true,
    ...(env === undefined ? {} : { env: { ...env } }),
    ...(cwd === undefined ? {} : { cwd }),
  });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.command} did not start`);
  endWithUs(pid);
  const gone = once(child, 'exit').then(() => {
    // What it left behind goes as well.
    signalGroup(pid, 'SIGKILL');
    groups.delete(pid);
  });
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints = (complaints + text).slice(-MOST_COMPLAINTS);
  });
  return {
    child,
    pid,
    complaints: () => complaints,
    close: async () => {
      if (!groups.has(pid)) return;
      signalGroup(pid, 'SIGTERM');
      const timer = new AbortController();
      const killed = sleep(GRACE_MS, undefined, { signal: timer.signal }).then(
        () => signalGroup(pid, 'SIGKILL'),
        () => undefined,
      );
      await gone;
      timer.abort();
      await killed;
    },
  };
}

let isWatching = false;

function endWithUs(pid: number): void {
  groups.add(pid);
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    for (const group of groups) signalGroup(group, 'SIGKILL');
  });
  // Without a handler these end the process without its `exit` event.
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    // eslint-disable-next-line no-restricted-properties -- a signal ends the process, which it would do without us
    process.once(signal, () => process.exit(128 + number));
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // nobody of it lives
  }
}
