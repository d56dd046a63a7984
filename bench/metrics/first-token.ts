/** P3: what the first token takes longer than from the engine itself. P4: how often a chunk is held back. Of the same paired probes. */
import { openProber, type Prober } from '../harness/client/prober.ts';
import { summarize } from '../harness/rounds.ts';
import { warmUpStreams } from '../harness/warm-up.ts';
import type { RunningTarget } from '../targets/target.ts';
import { withTargets } from '../targets/with-targets.ts';
import { type ProbeBlocks, probeBlocks } from './first-token/probe-blocks.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['nginx', 'portkey'] as const;
const BLOCKS = 5;
/** The engine sends the first one together with the head. */
const MODE = { tokens: 5, intervalMs: 5, firstTokenMs: 0 };
const WARM_UP_PROBES = 20;
const WARM_UP_MS = { full: 4_000, quick: 2_000 };
/** Ours, asked for cumulative frames. */
const FRAMES = 'frames';

export const firstToken: Metric = {
  id: 'P3',
  also: ['P4'],
  slug: 'first-token',
  family: 'latency',
  measure,
};

function measure({ isQuick, targets, say }: Bench): Promise<readonly Line[]> {
  const names = ['direct', ...PEERS, 'ours'] as const;
  return withTargets(targets, names, async ({ engine, running }) => {
    const durationMs = WARM_UP_MS[isQuick ? 'quick' : 'full'];
    for (const target of running.values()) await warmUpStreams(target, { engine, durationMs });
    const probers = await openProbers([...running.values()]);
    try {
      await engine.setMode({ ...MODE, intervalMs: 1 });
      for (const prober of probers.values()) {
        for (let probe = 0; probe < WARM_UP_PROBES; probe += 1) await prober.probe();
      }
      await engine.setMode(MODE);
      const counts = isQuick ? { all: 24, few: 8 } : { all: 200, few: 60 };
      const probed = await probeBlocks({
        probers,
        blocks: BLOCKS,
        // Portkey takes so long for a stream that fewer of them tell as much.
        probesOf: (name) => (name === 'portkey' || name === FRAMES ? counts.few : counts.all),
        onBlock: (at) => say(`P3: block ${at + 1} of ${BLOCKS}`),
      });
      return [toFirstTokenLine(probed), toStallLine(probed)];
    } finally {
      for (const prober of probers.values()) prober.close();
    }
  });
}

async function openProbers(
  running: readonly RunningTarget[],
): Promise<ReadonlyMap<string, Prober>> {
  const probers = new Map<string, Prober>();
  for (const { name, port, shapes } of running) {
    probers.set(name, await openProber({ port, shape: shapes.stream, form: 'events' }));
    if (name === 'ours' && shapes.cumulative) {
      const shape = shapes.cumulative;
      probers.set(FRAMES, await openProber({ port, shape, form: 'frames' }));
    }
  }
  return probers;
}

function toFirstTokenLine({ rounds }: ProbeBlocks): Line {
  const medianUs = (name: string): string => summarize(rounds, name, 'addedUs').median.toFixed(0);
  return toLine(rounds, {
    id: 'P3',
    name: 'added time to the first token',
    unit: 'µs',
    value: 'addedUs',
    peers: PEERS,
    goals: [
      { of: 'nginx', most: 3 },
      { of: 'portkey', most: 0.0333 },
    ],
    notes: [
      `the engine itself takes ${medianUs('direct')} µs`,
      `ours as cumulative frames adds ${medianUs(FRAMES)} µs`,
    ],
  });
}

/** Of a thousand streams, so that a quick run tells the same; each has one wait and four gaps in which to stall. */
function toStallLine({ stalls, disturbedProbes, rounds }: ProbeBlocks): Line {
  const perThousand = (name: string): number | null => {
    const { count = 0, probes = 0 } = stalls.get(name) ?? {};
    return probes === 0 ? null : (count * 1_000) / probes;
  };
  const ours = perThousand('ours');
  const peers = PEERS.flatMap((peer) => {
    const value = perThousand(peer);
    return value === null ? [] : [[peer, value] as const];
  });
  const counts = ['ours', FRAMES, ...PEERS].flatMap((name) => {
    const found = stalls.get(name);
    return found === undefined ? [] : [`${name} ${found.count} of ${found.probes}`];
  });
  return {
    id: 'P4',
    name: 'streams of 1,000 with a chunk 15 ms late',
    unit: '',
    ours,
    peers: Object.fromEntries(peers),
    ratios: {},
    spread: {},
    // So few of them that chance alone doubles them.
    goals: [{ of: 'ours', most: 0, tolerance: 3 }],
    rounds: {
      kept: rounds.kept.length,
      thrownAway: {},
    },
    notes: [
      `late: ${counts.join(', ')}`,
      `${disturbedProbes} probes were thrown away because somebody else had the machine`,
    ],
  };
}
