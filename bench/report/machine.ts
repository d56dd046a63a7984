/** What the figures were measured on. It goes into the repository: no host's name and no path is part of it. */
import { execFile } from 'node:child_process';
import { availableParallelism, cpus, homedir, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

export type Machine = {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  /** `Linux 6.1.0-44-amd64`. */
  readonly kernel: string;
  /** `KVM`; null: lscpu tells of no hypervisor, or is not there. */
  readonly virtualization: string | null;
  /** Of Node: `24.21.0`. */
  readonly node: string;
};

const run = promisify(execFile);

/** Never fails: what a machine does not tell is null or `unknown`. */
export async function describeMachine(): Promise<Machine> {
  const lscpu = await outputOf('lscpu', []);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 1024 ** 3) * 10) / 10,
    kernel: `${type()} ${release()}`,
    virtualization: readHypervisor(lscpu ?? ''),
    node: process.versions.node,
  };
}

/** Of the output of lscpu (util-linux): the vendor of the hypervisor; null: it names none. */
export function readHypervisor(lscpu: string): string | null {
  return /^Hypervisor vendor:\s*(\S.*?)\s*$/m.exec(lscpu)?.[1] ?? null;
}

/**
 * The commit of the checkout in `directory`, with `-dirty` when files differ from it; null: this is no checkout, or git is not there.
 */
export async function describeCommit(directory: string): Promise<string | null> {
  // Tags are left out: one form for all, whatever was released meanwhile.
  const words = ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=12'];
  return (await outputOf('git', ['-C', directory, ...words]))?.trim() ?? null;
}

async function outputOf(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const env = {
      // lscpu translates its labels.
      LC_ALL: 'C',
      PATH: '/usr/local/bin:/usr/bin:/bin',
      // Where git reads which checkouts of other users are to be trusted.
      HOME: homedir(),
      // To look is not to refresh the index, which somebody may be writing.
      GIT_OPTIONAL_LOCKS: '0',
    };
    return (await run(command, args, { env })).stdout;
  } catch {
    return null;
  }
}
