/** More and more streams, until one core of ours has no more: the rungs of a ladder. */
import { quantile } from '../../harness/statistics.ts';
import {
  measureStreams,
  type StreamLoad,
  type StreamWindow,
} from '../../harness/measure-streams.ts';

export type Rung = {
  readonly streams: number;
  /** Written by the engine in a second. */
  readonly chunksPerSecond: number;
  /** Of one core. */
  readonly load: number;
  readonly cpuUsPerChunk: number;
  readonly firstP99Ms: number;
  readonly longestGapMs: number;
  /** First tokens in time, and no gap of ten times the pace. */
  readonly holds: boolean;
};

export type Climb = {
  /** In their order; the last one may not hold. */
  readonly rungs: readonly Rung[];
  /** Rungs that were measured again, by reason. */
  readonly thrownAway: Readonly<Record<string, number>>;
};

/** What a first token may take at the 99th percentile. */
const MOST_FIRST_MS = 100;
const MOST_GAP_PACES = 10;

/** `rungs`: numbers of streams, the fewest first. Ends with the first that does not hold, or that was spoilt twice. */
export async function climb(
  rungs: readonly number[],
  load: Omit<StreamLoad, 'streams' | 'keepTimes'>,
): Promise<Climb> {
  const thrownAway: Record<string, number> = {};
  const climbed: Rung[] = [];
  for (const streams of rungs) {
    const measured = await measureTwice({ ...load, streams, keepTimes: true }, (reason) => {
      thrownAway[reason] = (thrownAway[reason] ?? 0) + 1;
    });
    if (measured === null) break;
    const rung = toRung(measured, { streams, intervalMs: load.intervalMs });
    climbed.push(rung);
    if (!rung.holds) break;
  }
  return { rungs: climbed, thrownAway };
}

async function measureTwice(
  load: StreamLoad,
  onSpoilt: (reason: string) => void,
): Promise<StreamWindow | null> {
  for (let tried = 0; tried < 2; tried += 1) {
    const window = await measureStreams(load);
    if (!window.wasBusy && window.errors === 0) return window;
    onSpoilt(window.errors > 0 ? 'errors' : 'busy machine');
  }
  return null;
}

/** Errors are no matter here: a window with some is none. */
export function toRung(
  {
    elapsedMs,
    chunks,
    cpuNs,
    times,
  }: Pick<StreamWindow, 'elapsedMs' | 'chunks' | 'cpuNs' | 'times'>,
  { streams, intervalMs }: { readonly streams: number; readonly intervalMs: number },
): Rung {
  const firstP99Ms = quantile(times.firstMs, 0.99);
  const longestGapMs = times.gapsMs.reduce((most, gap) => Math.max(most, gap), 0);
  return {
    streams,
    chunksPerSecond: (chunks * 1_000) / elapsedMs,
    load: cpuNs / 1e6 / elapsedMs,
    cpuUsPerChunk: cpuNs / 1_000 / chunks,
    firstP99Ms,
    longestGapMs,
    holds: firstP99Ms < MOST_FIRST_MS && longestGapMs <= MOST_GAP_PACES * intervalMs,
  };
}

export type Capacity = { readonly chunksPerSecond: number; readonly how: string };

/** From here on a core counts as full. */
const FULL = 0.9;

/** What a climb says of one core; null: nothing was measured. Where the core was never full, it is what its cost at the highest rung leaves room for. */
export function toCapacity({ rungs }: Climb): Capacity | null {
  const last = rungs.at(-1);
  const highest = rungs.findLast(({ holds }) => holds);
  if (last === undefined) return null;
  if (highest !== undefined && !last.holds && last.load >= FULL) {
    return {
      chunksPerSecond: highest.chunksPerSecond,
      how: `measured: ${describe(highest)}; ${describe(last)}`,
    };
  }
  const basis = highest ?? last;
  return {
    chunksPerSecond: Math.max(1e6 / basis.cpuUsPerChunk, highest?.chunksPerSecond ?? 0),
    how: `from the ${basis.cpuUsPerChunk.toFixed(1)} µs of a chunk, because its core was not full when ${last.holds ? 'the ladder ended' : 'something else was'}: ${describe(basis)}${last === basis ? '' : `; ${describe(last)}`}`,
  };
}

function describe({ streams, load, firstP99Ms, longestGapMs, holds }: Rung): string {
  return `${streams} streams ${holds ? 'hold' : 'do not hold'} (${(load * 100).toFixed(0)} % of the core, first tokens p99 ${firstP99Ms.toFixed(1)} ms, longest gap ${longestGapMs.toFixed(0)} ms)`;
}
