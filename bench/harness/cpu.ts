/**
 * What a tree of processes has used, as Linux counts it. All of it is read at once, without giving way: a look is to be one moment. Who
 * ends while one looks is left out.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Run time in nanoseconds of each thread of a tree, by `pid/tid`. */
export type CpuTimes = ReadonlyMap<string, number>;

/** Of a process and all below it, now. */
export function readCpu(rootPid: number): CpuTimes {
  const times = new Map<string, number>();
  for (const pid of processTree(rootPid)) {
    for (const tid of threadsOf(pid)) {
      const ns = runTimeNs(`/proc/${pid}/task/${tid}`);
      if (ns !== null) times.set(`${pid}/${tid}`, ns);
    }
  }
  return times;
}

/** Run time in nanoseconds between two looks. A thread that came in between counts from its birth; one that went counts no more. */
export function cpuBetweenNs(before: CpuTimes, after: CpuTimes): number {
  let sum = 0;
  for (const [thread, ns] of after) sum += Math.max(0, ns - (before.get(thread) ?? 0));
  return sum;
}

/** Resident memory of a process and all below it, in bytes (VmRSS: what processes share is counted for each). */
export function readMemoryBytes(rootPid: number): number {
  return processTree(rootPid)
    .map((pid) => Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '')?.[1] ?? 0))
    .reduce((sum, kb) => sum + kb * 1_024, 0);
}

/** A process and all below it, those that live. */
export function processTree(rootPid: number): readonly number[] {
  const found: number[] = [];
  const open = [rootPid];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    const threads = threadsOf(pid);
    if (threads.length === 0) continue;
    found.push(pid);
    for (const tid of threads) {
      const children = read(`/proc/${pid}/task/${tid}/children`)?.trim() ?? '';
      if (children !== '') open.push(...children.split(' ').map(Number));
    }
  }
  return found;
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Linux counts processor time in hundredths of a second where it does not count it exactly. */
const TICK_NS = 10_000_000;

function runTimeNs(directory: string): number | null {
  const exact = read(`${directory}/schedstat`);
  if (exact !== null) return Number(exact.split(' ', 1)[0]);
  const stat = read(`${directory}/stat`);
  if (stat === null) return null;
  // The name in brackets may have spaces; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_NS;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}
