/** Whether the machine was ours while something was measured. */
import { readFileSync } from 'node:fs';
import { cpuBetweenNs, type CpuTimes, readCpu } from './cpu.ts';
import { benchCores } from './pin.ts';

export type QuietWatch = {
  /** True: since it began somebody else had more than a tenth of a core, or the host took that much of one away. */
  readonly wasBusy: () => boolean;
  /** The same for a time so short that a busy machine hardly shows: true where there is any sign of somebody else. */
  readonly wasDisturbed: () => boolean;
};

/** A part of one core. */
const MOST = 0.1;
/** `/proc/stat` counts in hundredths of a second, so in a short time one of them means nothing. */
const TICK_MS = 10;

/**
 * Begins a look at the bench's two cores (or at all of them, where nothing is pinned). `pids`: roots of the trees whose load is ours,
 * such as the targets'; this process and all below it count anyway.
 */
export function watchQuiet(pids: readonly number[] = []): QuietWatch {
  const before = look(pids);
  return {
    wasBusy: () => isBusy(toUse(before, look(pids))),
    wasDisturbed: () => isDisturbed(toUse(before, look(pids))),
  };
}

type Look = {
  readonly atMs: number;
  readonly cores: readonly CoreTimes[];
  readonly own: CpuTimes;
};

function look(pids: readonly number[]): Look {
  const own = new Map([process.pid, ...pids].flatMap((pid) => [...readCpu(pid)]));
  const { target, bench } = benchCores();
  const wanted = target === null || bench === null ? null : [target, bench];
  const cores = parseCoreTimes(readFileSync('/proc/stat', 'latin1'), wanted);
  return { atMs: performance.now(), cores, own };
}

/** Since the machine's start, in milliseconds. */
export type CoreTimes = { readonly busyMs: number; readonly stolenMs: number };

/** Lines of `/proc/stat`, of the cores that are wanted; null: of all. */
export function parseCoreTimes(
  stat: string,
  wanted: readonly number[] | null,
): readonly CoreTimes[] {
  return [...stat.matchAll(/^cpu(\d+) (.*)$/gm)]
    .filter(([, core]) => wanted === null || wanted.includes(Number(core)))
    .map(([, , fields = '']) => {
      const [user = 0, nice = 0, system = 0, , , , , steal = 0] = fields.split(' ').map(Number);
      // Interrupts are not in: those of our own connections would look like somebody else's work.
      return { busyMs: (user + nice + system) * TICK_MS, stolenMs: steal * TICK_MS };
    });
}

export type Use = {
  readonly elapsedMs: number;
  /** Of the cores together. */
  readonly busyMs: number;
  readonly ownMs: number;
  /** Of the core that lost most. */
  readonly stolenMs: number;
};

function toUse(before: Look, after: Look): Use {
  const differences = after.cores.map((core, at) => ({
    busyMs: core.busyMs - (before.cores[at]?.busyMs ?? 0),
    stolenMs: core.stolenMs - (before.cores[at]?.stolenMs ?? 0),
  }));
  return {
    elapsedMs: after.atMs - before.atMs,
    busyMs: differences.reduce((sum, { busyMs }) => sum + busyMs, 0),
    ownMs: cpuBetweenNs(before.own, after.own) / 1e6,
    stolenMs: Math.max(0, ...differences.map(({ stolenMs }) => stolenMs)),
  };
}

/** The rule itself. */
export function isBusy({ elapsedMs, busyMs, ownMs, stolenMs }: Use): boolean {
  return busyMs - ownMs > MOST * elapsedMs + TICK_MS || stolenMs > MOST * elapsedMs + TICK_MS;
}

/** A tick that is not ours, on any of the cores. */
export function isDisturbed({ busyMs, ownMs, stolenMs }: Use): boolean {
  return busyMs - ownMs >= TICK_MS || stolenMs >= TICK_MS;
}
