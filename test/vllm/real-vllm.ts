/** The real vLLM with a tiny model, as `npm run test:vllm` provides it: `VLLM_BIN` holds the program, `VLLM_MODEL` the model. */
import { readdir, readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';

export function provided(variable: 'VLLM_BIN' | 'VLLM_MODEL'): string {
  const value = process.env[variable];
  if (value !== undefined && value !== '') return value;
  throw new Error(`${variable} is not set: run this by npm run test:vllm`);
}

/** Arguments without which the tiny model would not run on a processor, or only slowly. */
export const CPU_ARGS = ['--max-model-len', '4096', '--dtype', 'float32', '--enforce-eager'];

/** The process of vLLM that holds the model, among the descendants of its API server. Its name is vLLM's own. */
export async function findEngineCore(apiServerPid: number): Promise<number> {
  for (const pid of await descendants(apiServerPid)) {
    const command = await readFile(`/proc/${String(pid)}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('VLLM::EngineCore')) return pid;
  }
  throw new Error(`process ${String(apiServerPid)} has no EngineCore below it`);
}

async function descendants(root: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(
    await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)] as const)),
  );
  const found = new Set([root]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  found.delete(root);
  return [...found];
}

/** The fourth field of `stat`; the second is the program's name in parentheses, which may hold anything. */
async function parentOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? -1);
}

/** Nice's largest. */
const LAST_IN_LINE = 19;

/**
 * On few cores the threads of the model, which never sleep, keep the API server from sending what is there until the answer is complete.
 */
export async function giveWay(engineCore: number): Promise<void> {
  const tasks = `/proc/${engineCore}/task`;
  for (const task of await readdir(tasks)) {
    const children = await readFile(`${tasks}/${task}/children`, 'utf8').catch(() => '');
    for (const child of children.split(' ').filter(Boolean)) await giveWay(Number(child));
    try {
      setPriority(Number(task), LAST_IN_LINE);
    } catch {
      // That thread has ended.
    }
  }
}
