/** Runs another of our programs in the place of this one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

export type Program = {
  /** The absolute path of its `main.ts`. */
  readonly script: string;
  readonly args: readonly string[];
  /** Node's own. */
  readonly nodeFlags?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Terminal, signals and exit status pass through; a program that a signal ended counts as 128 + its number, as in a shell. */
export async function runProgram({ script, args, nodeFlags = [], env }: Program): Promise<number> {
  const child = spawn(process.execPath, [...nodeFlags, script, ...args], { stdio: 'inherit', env });
  const forwarders = FORWARDED.map((name) => {
    const forward = () => {
      // A terminal sends Ctrl-C to the whole group: the child has had it already.
      if (name !== 'SIGINT' || !process.stdin.isTTY) child.kill(name);
    };
    process.on(name, forward);
    return { name, forward };
  });
  try {
    const [status, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } finally {
    for (const { name, forward } of forwarders) process.off(name, forward);
  }
}
