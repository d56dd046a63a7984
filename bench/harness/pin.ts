/** Which core is whose: one is the target's alone, the other the engine's and the client's. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** null: not pinned, where there is no `taskset`, or only one core. */
export type Cores = { readonly target: number | null; readonly bench: number | null };

let cores: Cores | null = null;

/** The first two cores that this process may use; what it found at first holds from then on, so that pinning oneself changes nothing. */
export function benchCores(): Cores {
  cores ??= findCores();
  return cores;
}

function findCores(): Cores {
  const [target, bench] = allowedCores();
  const hasTaskset = spawnSync('taskset', ['--version']).status === 0;
  if (target === undefined || bench === undefined || !hasTaskset) {
    return { target: null, bench: null };
  }
  return { target, bench };
}

function allowedCores(): readonly number[] {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return parseCoreList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '');
  } catch {
    return [];
  }
}

/** `0-2,5` → 0, 1, 2, 5. */
export function parseCoreList(text: string): readonly number[] {
  return text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    if (part === '' || first === undefined || last === undefined) return [];
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}

/** Moves this process, all its threads, to a core; null: it stays where it is. Throws where `taskset` cannot. */
export function pinSelf(core: number | null): void {
  if (core === null) return;
  const args = ['--all-tasks', '--cpu-list', '--pid', String(core), String(process.pid)];
  const { status, stderr } = spawnSync('taskset', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`taskset cannot pin the bench to core ${core}: ${stderr}`);
}

/** A command that keeps what it starts on a core. The process id stays the command's own: `taskset` becomes it. */
export function pinned(
  core: number | null,
  command: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  if (core === null) return [command, args];
  return ['taskset', ['--cpu-list', String(core), command, ...args]];
}
