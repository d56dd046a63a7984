/** P2: what a plain request waits longer for its answer, asked one at a time, than one that goes to the engine itself. */
import { type Asker, openAsker } from '../harness/client/asker.ts';
import { startEngine } from '../harness/engine/engine.ts';
import { benchCores } from '../harness/pin.ts';
import { watchQuiet } from '../harness/quiet.ts';
import { type Rounds, shuffled, summarize } from '../harness/rounds.ts';
import { quantile } from '../harness/statistics.ts';
import { warmUpRequests } from '../harness/warm-up.ts';
import { openTargets } from '../targets/open-targets.ts';
import type { TargetName } from '../targets/target.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['nginx', 'portkey'] as const;
const ANSWER = { tokens: 32, intervalMs: 0, firstTokenMs: 0 };
const BLOCKS = { full: 10, quick: 5 };
const PROBES = { full: 200, quick: 40 };
const WARM_UP_MS = { full: 10_000, quick: 2_000 };
/** Of a block, which find every connection and cache as the others do. */
const UNCOUNTED_PROBES = 5;

export const addedLatency: Metric = {
  id: 'P2',
  slug: 'added-latency',
  family: 'latency',
  measure: async (bench) => [await measure(bench)],
};

async function measure({ isQuick, targets, say }: Bench): Promise<Line> {
  const { target: core, bench: engineCore } = benchCores();
  const engine = await startEngine({ core: engineCore });
  try {
    const names = ['direct', ...PEERS, 'ours'] as const;
    const options = { engineUrl: engine.url, core };
    const { running, close } = await openTargets(targets, names, options);
    const askers = new Map<TargetName, Asker>();
    try {
      const size = isQuick ? 'quick' : 'full';
      const durationMs = WARM_UP_MS[size];
      for (const target of running.values()) await warmUpRequests(target, { engine, durationMs });
      await engine.setMode(ANSWER);
      for (const [name, { port, shapes }] of running) {
        askers.set(name, await openAsker({ port, shape: shapes.plain }));
      }
      const plan = { blocks: BLOCKS[size], probes: PROBES[size] };
      say(`${plan.blocks} blocks of ${plan.probes} plain requests, one at a time`);
      const rounds = await measureBlocks(askers, plan);
      return toLine(rounds, {
        id: 'P2',
        name: 'added latency of a plain request, one at a time',
        unit: 'µs',
        value: 'p50Us',
        peers: PEERS,
        goals: [
          { of: 'nginx', most: 3 },
          { of: 'portkey', most: 0.2 },
        ],
        notes: [describeTails(rounds, [...running.keys()])],
      });
    } finally {
      for (const asker of askers.values()) asker.close();
      await close();
    }
  } finally {
    await engine.close();
  }
}

/** As many probes of each target: the first ones of a block are slower than the last. */
type Plan = { readonly blocks: number; readonly probes: number };

/** Like runRounds; but a block asks everybody in turn, so that the difference to the engine itself is one of the same moment. */
async function measureBlocks(
  askers: ReadonlyMap<TargetName, Asker>,
  { blocks, probes }: Plan,
): Promise<Rounds> {
  const kept: ReadonlyMap<string, Readonly<Record<string, number>>>[] = [];
  const thrownAway: Record<string, number> = {};
  for (let tried = 0; kept.length < blocks && tried < 2 * blocks; tried += 1) {
    const watch = watchQuiet();
    const block = await measureBlock(askers, probes).catch(() => null);
    if (block !== null && !watch.wasBusy()) {
      kept.push(block);
      continue;
    }
    const reason = block === null ? 'errors' : 'busy machine';
    thrownAway[reason] = (thrownAway[reason] ?? 0) + 1;
    if (block === null) break;
  }
  return { kept, thrownAway };
}

async function measureBlock(
  askers: ReadonlyMap<TargetName, Asker>,
  probes: number,
): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>> {
  const added = new Map([...askers.keys()].map((name) => [name, [] as number[]]));
  for (let probe = -UNCOUNTED_PROBES; probe < probes; probe += 1) {
    const tookNs = new Map<TargetName, number>();
    for (const [name, asker] of shuffled([...askers])) tookNs.set(name, await asker.ask());
    const directNs = tookNs.get('direct') ?? NaN;
    if (probe < 0) continue;
    for (const [name, ns] of tookNs) {
      added.get(name)?.push((name === 'direct' ? ns : ns - directNs) / 1_000);
    }
  }
  return new Map(
    [...added].map(([name, us]) => [name, { p50Us: quantile(us, 0.5), p90Us: quantile(us, 0.9) }]),
  );
}

function describeTails(rounds: Rounds, names: readonly string[]): string {
  const tails = names
    .filter((name) => name !== 'direct')
    .map((name) => `${name} ${summarize(rounds, name, 'p90Us').median.toFixed(0)} µs`);
  const direct = summarize(rounds, 'direct', 'p50Us').median.toFixed(0);
  return `added at the 90th percentile: ${tails.join(', ')}; the engine itself takes ${direct} µs`;
}
