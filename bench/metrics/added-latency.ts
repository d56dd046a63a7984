/** P2: what a plain request waits longer for its answer, asked one at a time, than one that goes to the engine itself. */
import { askBlocks } from '../harness/ask-blocks.ts';
import { type Rounds, summarize } from '../harness/rounds.ts';
import { warmUpRequests } from '../harness/warm-up.ts';
import { withTargets } from '../targets/with-targets.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['nginx', 'portkey'] as const;
const ANSWER = { tokens: 32, intervalMs: 0, firstTokenMs: 0 };
/** Over half a minute: what disturbs the machine for some seconds is then in few blocks. */
const PLANS = { full: { blocks: 40, probes: 200 }, quick: { blocks: 5, probes: 40 } };
const WARM_UP_MS = { full: 10_000, quick: 2_000 };

export const addedLatency: Metric = {
  id: 'P2',
  slug: 'added-latency',
  family: 'latency',
  measure: async (bench) => [await measure(bench)],
};

function measure({ isQuick, targets, say }: Bench): Promise<Line> {
  const size = isQuick ? 'quick' : 'full';
  return withTargets(targets, ['direct', ...PEERS, 'ours'], async ({ engine, running }) => {
    const durationMs = WARM_UP_MS[size];
    for (const target of running.values()) await warmUpRequests(target, { engine, durationMs });
    await engine.setMode(ANSWER);
    const plan = PLANS[size];
    say(`${plan.blocks} blocks of ${plan.probes} plain requests, one at a time`);
    const rounds = await askBlocks(running, plan);
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
  });
}

function describeTails(rounds: Rounds, names: readonly string[]): string {
  const tails = names
    .filter((name) => name !== 'direct')
    .map((name) => `${name} ${summarize(rounds, name, 'p90Us').median.toFixed(0)} µs`);
  const direct = summarize(rounds, 'direct', 'p50Us').median.toFixed(0);
  return `added at the 90th percentile: ${tails.join(', ')}; the engine itself takes ${direct} µs`;
}
