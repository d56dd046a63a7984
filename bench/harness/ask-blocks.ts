/** Blocks of plain requests, one at a time: what each contender adds to the time that the engine itself takes. */
import type { RunningTarget } from '../targets/target.ts';
import { type Asker, openAsker } from './client/asker.ts';
import { watchQuiet } from './quiet.ts';
import { type Rounds, shuffled } from './rounds.ts';
import { quantile } from './statistics.ts';

/** As many probes of each target: the first ones of a block are slower than the last. */
export type BlockPlan = { readonly blocks: number; readonly probes: number };

/** Of a block, which find every connection and cache as the others do. */
const UNCOUNTED_PROBES = 5;

/**
 * Like runRounds; but a block asks everybody in turn, so that the difference to the engine itself is one of the same moment. `p50Us` and
 * `p90Us` are what is added, of `direct` what it takes. Without `direct` among the targets nothing can be told.
 */
export async function askBlocks(
  running: ReadonlyMap<string, RunningTarget>,
  plan: BlockPlan,
): Promise<Rounds> {
  const askers = new Map<string, Asker>();
  try {
    for (const [name, { port, shapes }] of running)
      askers.set(name, await openAsker({ port, shape: shapes.plain }));
    return await measureBlocks(askers, plan);
  } finally {
    for (const asker of askers.values()) asker.close();
  }
}

async function measureBlocks(
  askers: ReadonlyMap<string, Asker>,
  { blocks, probes }: BlockPlan,
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
  askers: ReadonlyMap<string, Asker>,
  probes: number,
): Promise<ReadonlyMap<string, Readonly<Record<string, number>>>> {
  const added = new Map([...askers.keys()].map((name) => [name, [] as number[]]));
  for (let probe = -UNCOUNTED_PROBES; probe < probes; probe += 1) {
    const tookNs = new Map<string, number>();
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
