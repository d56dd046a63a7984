/** P1: what the processor does for a request that is answered in one piece. */
import { measureRequests } from '../harness/measure-requests.ts';
import { type Rounds, runRounds, summarize } from '../harness/rounds.ts';
import { warmUpRequests } from '../harness/warm-up.ts';
import type { TargetName } from '../targets/target.ts';
import { withTargets } from '../targets/with-targets.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['nginx', 'portkey'] as const;
const CONNECTIONS = 50;
const ANSWER = { tokens: 32, intervalMs: 0, firstTokenMs: 0 };
const WARM_UP_MS = { full: 10_000, quick: 4_000 };
/** Many and short: what slows the machine down for some seconds then meets all contenders of a round. */
const ROUNDS = { full: { count: 15, durationMs: 1_000 }, quick: { count: 5, durationMs: 600 } };

export const plainCpu: Metric = {
  id: 'P1',
  slug: 'plain-cpu',
  family: 'requests',
  measure: async (bench) => [await measure(bench)],
};

function measure({ isQuick, targets, say }: Bench): Promise<Line> {
  const size = isQuick ? 'quick' : 'full';
  return withTargets(targets, [...PEERS, 'ours'], async ({ engine, running }) => {
    say(`plain requests with ${CONNECTIONS} connections: ${[...running.keys()].join(', ')}`);
    for (const target of running.values())
      await warmUpRequests(target, { engine, durationMs: WARM_UP_MS[size] });
    await engine.setMode(ANSWER);
    const { count, durationMs } = ROUNDS[size];
    const load = { engine, connections: CONNECTIONS, durationMs };
    const rounds = await runRounds({
      contenders: [...running.keys()],
      count,
      measure: async (name) => {
        const target = running.get(name as TargetName);
        return target === undefined ? { spoilt: 'errors' } : await measureRequests(target, load);
      },
    });
    return toLine(rounds, {
      id: 'P1',
      name: 'processor time of a plain request',
      unit: 'µs',
      value: 'cpuUs',
      peers: PEERS,
      goals: [
        { of: 'nginx', most: 5 },
        { of: 'portkey', most: 0.125 },
      ],
      notes: [describeRates(rounds, [...running.keys()])],
    });
  });
}

function describeRates(rounds: Rounds, names: readonly string[]): string {
  const rates = names.map(
    (name) => `${name} ${summarize(rounds, name, 'perSecond').median.toFixed(0)}`,
  );
  return `requests per second with ${CONNECTIONS} connections, on one core: ${rates.join(', ')}`;
}
