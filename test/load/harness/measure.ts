/** What a process costs, as the kernel counts it, and how many numbers become a few. */
import { readFile } from 'node:fs/promises';

/** Linux counts processor time in hundredths of a second. */
const TICK_S = 0.01;

export type Cost = { readonly cpuS: number; readonly rssKb: number; readonly peakRssKb: number };

/** Processor time since its start, memory now, and the most that it ever was. */
export async function costOf(pid: number): Promise<Cost> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The name in brackets may have spaces; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const kb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  return { cpuS: ticks * TICK_S, rssKb: kb('VmRSS'), peakRssKb: kb('VmHWM') };
}

/** Bytes that the connections of a listening port have sent and nobody has taken: `tx_queue` of `/proc/net/tcp`. */
export async function sendQueueBytes(port: number): Promise<number> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address]) => address?.endsWith(local) === true)
    .reduce((sum, [, , , , queues = '0']) => sum + Number.parseInt(queues, 16), 0);
}

/** The value that so large a part of all values does not pass; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? NaN;
}

/** `p50 1.2 ms, p99 3.4 ms, at most 5.6 ms (1000)`. */
export function describeMs(values: readonly number[]): string {
  const at = (part: number): string => `${quantile(values, part).toFixed(1)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)} (${values.length})`;
}
