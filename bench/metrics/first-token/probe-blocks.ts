/** Paired probes: one stream to each contender, one at a time and in random order, beside one to the engine itself. */
import type { Probe, Prober } from '../../harness/client/prober.ts';
import { type QuietWatch, watchQuiet } from '../../harness/quiet.ts';
import { type Rounds, shuffled } from '../../harness/rounds.ts';
import { quantile } from '../../harness/statistics.ts';

/** Longer than to the engine itself by this: somebody held a chunk back. */
const STALL_MS = 15;

export type BlockOptions = {
  /** By name; `direct` is what the others are compared with. */
  readonly probers: ReadonlyMap<string, Prober>;
  readonly blocks: number;
  /** Of a block, by contender: those with fewer are asked every so often, all through it. */
  readonly probesOf: (name: string) => number;
  readonly onBlock: (at: number) => void;
  /** Begins a look at the machine before each probe. */
  readonly watch?: () => QuietWatch;
};

export type ProbeBlocks = {
  /** A block is a round: `addedUs` of each contender, the median of its probes; of `direct` its own time. */
  readonly rounds: Rounds;
  /** By contender, over all probes that were kept. */
  readonly stalls: ReadonlyMap<string, Stalls>;
  /** In which the machine was not ours. */
  readonly disturbedProbes: number;
};

type Stalls = { readonly count: number; readonly probes: number };

/** A probe that somebody else on the machine disturbed is asked again, for as many more as were wanted. Rejects where a stream fails. */
export async function probeBlocks(options: BlockOptions): Promise<ProbeBlocks> {
  const { probers, blocks, probesOf, onBlock, watch = watchQuiet } = options;
  const names = [...probers.keys()];
  const most = Math.max(...names.map(probesOf));
  const stalls = new Map(names.map((name) => [name, { count: 0, probes: 0 }]));
  const kept: ReadonlyMap<string, Readonly<Record<string, number>>>[] = [];
  let disturbedProbes = 0;
  for (let block = 0; block < blocks; block += 1) {
    const addedUs = new Map(names.map((name) => [name, [] as number[]]));
    for (let probe = 0, tried = 0; probe < most && tried < 2 * most; tried += 1) {
      const asked = [...probers].filter(([name]) => isAsked(probe, probesOf(name) / most));
      const seen = await probeOnce(new Map(asked), watch());
      if (seen === null) {
        disturbedProbes += 1;
        continue;
      }
      probe += 1;
      for (const { name, added, hasStalled } of seen) {
        addedUs.get(name)?.push(added);
        const sum = stalls.get(name);
        if (sum === undefined) continue;
        sum.probes += 1;
        if (hasStalled) sum.count += 1;
      }
    }
    const medians = [...addedUs].map(
      ([name, us]) => [name, { addedUs: quantile(us, 0.5) }] as const,
    );
    if ((addedUs.get('direct')?.length ?? 0) > 0) kept.push(new Map(medians));
    onBlock(block);
  }
  return { rounds: { kept, thrownAway: {} }, stalls, disturbedProbes };
}

/** Spread evenly: servers close connections that are idle for some seconds. */
function isAsked(probe: number, part: number): boolean {
  return Math.floor((probe + 1) * part) > Math.floor(probe * part);
}

type Seen = { readonly name: string; readonly added: number; readonly hasStalled: boolean };

/** null: it was disturbed. */
async function probeOnce(
  probers: ReadonlyMap<string, Prober>,
  watch: QuietWatch,
): Promise<readonly Seen[] | null> {
  const probes = new Map<string, Probe>();
  for (const [name, prober] of shuffled([...probers])) probes.set(name, await prober.probe());
  const direct = probes.get('direct') ?? { firstMs: NaN, longestGapMs: NaN };
  const seen = [...probes].map(([name, probe]) => ({
    name,
    added: (name === 'direct' ? probe.firstMs : probe.firstMs - direct.firstMs) * 1_000,
    hasStalled:
      probe.firstMs - direct.firstMs >= STALL_MS ||
      probe.longestGapMs - direct.longestGapMs >= STALL_MS,
  }));
  // A stall is ours only where nobody else can have been its cause. Portkey stalls always, so that says nothing.
  const isSuspicious = seen.some(({ name, hasStalled }) => hasStalled && name !== 'portkey');
  return (isSuspicious ? watch.wasDisturbed() : watch.wasBusy()) ? null : seen;
}
