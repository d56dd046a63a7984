/** P1: what the processor does for a request that is answered in one piece. */
import { askMany } from '../harness/client/ask-many.ts';
import { cpuBetweenNs, readCpu } from '../harness/cpu.ts';
import { type BenchEngine, startEngine } from '../harness/engine/engine.ts';
import { benchCores } from '../harness/pin.ts';
import { watchQuiet } from '../harness/quiet.ts';
import { type Rounds, runRounds, type Sample, summarize } from '../harness/rounds.ts';
import { warmUpRequests } from '../harness/warm-up.ts';
import { openTargets } from '../targets/open-targets.ts';
import type { RunningTarget } from '../targets/target.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['nginx', 'portkey'] as const;
const CONNECTIONS = 50;
const ANSWER = { tokens: 32, intervalMs: 0, firstTokenMs: 0 };
const WARM_UP_MS = { full: 10_000, quick: 4_000 };

export const plainCpu: Metric = {
  id: 'P1',
  slug: 'plain-cpu',
  family: 'requests',
  measure: async (bench) => [await measure(bench)],
};

async function measure({ isQuick, targets, say }: Bench): Promise<Line> {
  const { target: core, bench: engineCore } = benchCores();
  const engine = await startEngine({ core: engineCore });
  try {
    await engine.setMode(ANSWER);
    const names = [...PEERS, 'ours'] as const;
    const { running, close } = await openTargets(targets, names, {
      engineUrl: engine.url,
      core,
    });
    try {
      say(`plain requests with ${CONNECTIONS} connections: ${[...running.keys()].join(', ')}`);
      const durationMs = WARM_UP_MS[isQuick ? 'quick' : 'full'];
      for (const target of running.values()) await warmUpRequests(target, { engine, durationMs });
      await engine.setMode(ANSWER);
      const rounds = await runRounds({
        contenders: [...running.keys()],
        // Many and short: what slows the machine down for some seconds then meets all contenders of a round.
        count: isQuick ? 5 : 15,
        measure: async (name) => {
          const target = running.get(name as RunningTarget['name']);
          if (target === undefined) return { spoilt: 'errors' };
          return await measureOnce(target, {
            engine,
            durationMs: isQuick ? 600 : 1_000,
          });
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
    } finally {
      await close();
    }
  } finally {
    await engine.close();
  }
}

type Round = {
  readonly engine: BenchEngine;
  readonly durationMs: number;
};

async function measureOnce(target: RunningTarget, round: Round): Promise<Sample> {
  const { engine, durationMs } = round;
  const { rootPid } = target;
  if (rootPid === null) return { spoilt: 'errors' };
  const watch = watchQuiet();
  const [before, cpu] = [await engine.counts(), readCpu(rootPid)];
  const asked = await load(target, durationMs);
  const cpuNs = cpuBetweenNs(cpu, readCpu(rootPid));
  const requests = (await engine.counts()).requests - before.requests;
  if (asked.errors > 0 || requests === 0) return { spoilt: 'errors' };
  if (watch.wasBusy()) return { spoilt: 'busy machine' };
  return {
    values: {
      cpuUs: cpuNs / 1_000 / requests,
      perSecond: (asked.requests * 1_000) / asked.elapsedMs,
    },
  };
}

function load({ port, shapes }: RunningTarget, durationMs: number) {
  return askMany({ port, shape: shapes.plain, connections: CONNECTIONS, durationMs });
}

function describeRates(rounds: Rounds, names: readonly string[]): string {
  const rates = names.map(
    (name) => `${name} ${summarize(rounds, name, 'perSecond').median.toFixed(0)}`,
  );
  return `requests per second with ${CONNECTIONS} connections, on one core: ${rates.join(', ')}`;
}
