/** P6: how many tokens a second one core turns into frames of the worker API before its clients notice. */
import { type BenchEngine, startEngine } from '../harness/engine/engine.ts';
import { measureStreams } from '../harness/measure-streams.ts';
import { benchCores } from '../harness/pin.ts';
import type { RequestShape, RunningTarget } from '../targets/target.ts';
import { type Climb, climb, toCapacity } from './capacity/climb.ts';
import type { Bench, Line, Metric } from './metric.ts';

/** Streams at once; each has 50 tokens a second. */
const LADDERS = {
  full: { cumulative: [200, 300, 400, 450, 500, 550, 600], delta: [300, 400, 500, 600] },
  quick: { cumulative: [300, 400], delta: [400] },
} as const;
/** It has to hold without one stall, as often as it is repeated. */
const FIXED = 400;
const REPEATS = { full: 3, quick: 1 } as const;
const INTERVAL_MS = 20;
/** Five seconds: so short that enough answers begin while one looks. */
const TOKENS = 250;

export const capacity: Metric = {
  id: 'P6',
  slug: 'capacity',
  family: 'chunks',
  measure,
};

async function measure({ isQuick, targets, say }: Bench): Promise<readonly Line[]> {
  const { target: core, bench: engineCore } = benchCores();
  const ours = targets.found.get('ours');
  if (ours === undefined) return [];
  const engine = await startEngine({ core: engineCore });
  try {
    const target = await ours.start({ engineUrl: engine.url, core });
    try {
      const { cumulative = target.shapes.stream, delta = target.shapes.stream } = target.shapes;
      const ladder = isQuick ? LADDERS.quick : LADDERS.full;
      const loadOf = (shape: RequestShape) => toLoad(engine, target, shape, isQuick);
      // Until what streams go through is compiled.
      await measureStreams({ ...loadOf(cumulative), streams: 100 });
      const frames = await climb(ladder.cumulative, loadOf(cumulative));
      say(`P6: ${frames.rungs.length} rungs with all text so far`);
      const repeats = Array.from({ length: isQuick ? REPEATS.quick : REPEATS.full }, () => FIXED);
      const fixed = await climb(repeats.slice(1), loadOf(cumulative));
      const parts = await climb(ladder.delta, loadOf(delta));
      say(`P6: ${parts.rungs.length} rungs with new text only`);
      return [
        toCapacityLine(frames, {
          id: 'P6',
          name: 'chunks a second of one core, with conversion',
          notes: [describeFixed([frames, fixed], repeats.length)],
        }),
        toCapacityLine(parts, {
          id: 'P6-delta',
          name: 'chunks a second of one core, as frames with the new text',
          notes: [],
        }),
      ];
    } finally {
      await target.close();
    }
  } finally {
    await engine.close();
  }
}

function toLoad(engine: BenchEngine, target: RunningTarget, shape: RequestShape, isQuick: boolean) {
  return {
    ...{ engine, target, shape, form: 'frames' as const },
    tokens: TOKENS,
    intervalMs: INTERVAL_MS,
    windowMs: isQuick ? 1_200 : 2_500,
  };
}

function describeFixed(climbs: readonly Climb[], wanted: number): string {
  const fixed = climbs.flatMap(({ rungs }) => rungs.filter(({ streams }) => streams === FIXED));
  const held = fixed.filter(({ holds }) => holds).length;
  return `${FIXED} streams of ${1_000 / INTERVAL_MS} tokens/s without a stall: ${held} of ${wanted} times`;
}

function toCapacityLine(
  climbed: Climb,
  { id, name, notes }: Pick<Line, 'id' | 'name' | 'notes'>,
): Line {
  const found = toCapacity(climbed);
  return {
    ...{ id, name, unit: 'chunks/s' },
    ours: found?.chunksPerSecond ?? null,
    peers: {},
    ratios: {},
    spread: {},
    // A core that its neighbours slow down for a minute gives two or three rungs less, and no peer tells of it.
    goals: [{ of: 'ours', least: 20_000, tolerance: 1.6 }],
    rounds: { kept: climbed.rungs.length, thrownAway: climbed.thrownAway },
    notes: [found?.how ?? 'no rung was worth keeping', ...notes],
  };
}
