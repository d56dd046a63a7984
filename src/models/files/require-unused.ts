/** Nobody takes a model away from under an engine: which processes of this machine use files. */
import { lstat, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { LlmOpsError } from '../../errors.ts';

type FileUser = {
  readonly pid: number;
  /** As its command line calls it, without the directory. */
  readonly program: string;
};

/** Paths as command lines and open files have them, and what mapped files are called: `<inode> <name>`. */
type Sought = { readonly paths: ReadonlySet<string>; readonly mapped: ReadonlySet<string> };

/**
 * Throws `model_in_use` when a process names one of the paths in its command line, or has one of the files open or mapped, as engines have
 * their weights. A link counts by its own path only: its target may be somebody else's, too. Only Linux tells (`/proc`), and of another
 * user's processes only the command line; elsewhere nobody is found.
 */
export async function requireUnused(what: string, paths: readonly string[]): Promise<void> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const sought = await describe(paths);
  const looks = await Promise.all(pids.map(async (pid) => lookAt(Number(pid), sought)));
  const users = looks.filter((user) => user !== null);
  const [first] = users;
  if (first === undefined) return;
  throw new LlmOpsError(
    'model_in_use',
    `${what} is in use by ${first.program} (pid ${String(first.pid)}).`,
    {
      hint: 'Stop the stack that serves it (`llm-ops down`), or end that process.',
      details: { pids: users.map(({ pid }) => pid) },
    },
  );
}

async function describe(given: readonly string[]): Promise<Sought> {
  const paths = new Set(given);
  const mapped = new Set<string>();
  for (const path of given) {
    const found = await lstat(path).catch(() => null);
    if (found?.isFile() !== true) continue;
    paths.add(await realpath(path));
    // By inode, as a container sees the file at another path.
    mapped.add(`${String(found.ino)} ${basename(path)}`);
  }
  return { paths, mapped };
}

async function lookAt(pid: number, { paths, mapped }: Sought): Promise<FileUser | null> {
  if (pid === process.pid) return null;
  const read = async (name: string): Promise<string> =>
    readFile(`/proc/${String(pid)}/${name}`, 'utf8').catch(() => '');
  const words = (await read('cmdline')).split('\0');
  const isUser =
    words.some((word) => paths.has(word)) ||
    (await openFiles(pid)).some((file) => paths.has(file)) ||
    (await read('maps')).split('\n').some((line) => mapped.has(nameOfMapping(line)));
  return isUser ? { pid, program: basename(words[0] ?? '') } : null;
}

async function openFiles(pid: number): Promise<readonly string[]> {
  const directory = `/proc/${String(pid)}/fd`;
  const names = await readdir(directory).catch(() => []);
  return Promise.all(names.map(async (name) => readlink(join(directory, name)).catch(() => '')));
}

/** Fields of a line: addresses, rights, offset, device, inode, path (proc_pid_maps(5)). */
function nameOfMapping(line: string): string {
  const { inode = '', path = '' } =
    /^\S+ \S+ \S+ \S+ (?<inode>\d+) +(?<path>\/.*)$/.exec(line)?.groups ?? {};
  return `${inode} ${basename(path)}`;
}
