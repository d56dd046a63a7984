import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

export type Cores = {
  /** Those that the process's affinity leaves it. */
  readonly available: number;
  /** The text of a file; null: it is not there, as on other systems than Linux. */
  readonly read: (path: string) => string | null;
};

/**
 * How many cores this process may keep busy, at least 1: those of its affinity, and no more than the processor time that its control groups
 * leave it. Node counts the affinity, and heeds a quota in control groups of version 2 only, and with a libuv from 1.49 on (24.21 says 2
 * under a quota of 1 in version 1).
 */
export function usableCores({
  available = availableParallelism(),
  read = readOrNull,
}: Partial<Cores> = {}): number {
  const quotas = places(read('/proc/self/cgroup') ?? '').map((place) => quotaOf(place, read));
  return Math.max(1, Math.floor(Math.min(available, ...quotas)));
}

/** Where the limits of this process are: its own control group, and those around it. */
function places(groups: string): readonly string[] {
  return groups.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    // Version 2 has one hierarchy, without a name.
    const isCpu = controllers === '' || controllers.split(',').includes('cpu');
    const root = join('/sys/fs/cgroup', controllers);
    // A container sees its own group as the root, by whatever path its host knows it.
    return isCpu ? withParents(path).map((parent) => join(root, parent)) : [];
  });
}

function withParents(path: string): readonly string[] {
  return path === '/' ? [path] : [path, ...withParents(dirname(path))];
}

/** Cores' worth of time; Infinity: no limit. */
function quotaOf(place: string, read: Cores['read']): number {
  const version1 = [
    read(join(place, 'cpu.cfs_quota_us')) ?? '',
    read(join(place, 'cpu.cfs_period_us')) ?? '',
  ];
  const [quota, period] = (read(join(place, 'cpu.max'))?.split(' ') ?? version1).map(Number);
  // `max` in version 2, -1 in version 1.
  return quota !== undefined && period !== undefined && quota > 0 && period > 0
    ? quota / period
    : Infinity;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
