/** P14: what FastChat's controller and OpenAI server cost for the same, before a worker that costs nothing. They convert the other way round. */
import { askBlocks } from '../harness/ask-blocks.ts';
import type { BenchEngine } from '../harness/engine/engine.ts';
import { measureRequests } from '../harness/measure-requests.ts';
import { measureStreams } from '../harness/measure-streams.ts';
import { type Rounds, runRounds, type Sample, summarize } from '../harness/rounds.ts';
import { warmUpRequests, warmUpStreams } from '../harness/warm-up.ts';
import type { RunningTarget, TargetName } from '../targets/target.ts';
import { type Opened, withTargets } from '../targets/with-targets.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['fastchat'] as const;
const ANSWER = { tokens: 32, intervalMs: 0, firstTokenMs: 0 };
const WARM_UP_MS = 3_000;
const ROUNDS = 5;
/** FastChat opens a connection for each of its own five requests; more of them only wait. */
const CONNECTIONS = 10;
const REQUESTS_MS = 1_500;
const PLAN = { blocks: 5, probes: 25 };
/** As many as one core of FastChat can keep up with. */
const STREAMS = { streams: 20, tokens: 200, intervalMs: 20, windowMs: 2_000 };

export const fastchat: Metric = {
  id: 'P14',
  slug: 'fastchat',
  family: 'fastchat',
  needs: 'fastchat',
  measure,
};

async function measure(bench: Bench): Promise<readonly Line[]> {
  const { targets, say } = bench;
  if (!targets.found.has('fastchat')) return [];
  return withTargets(targets, ['direct', ...PEERS, 'ours'], async (opened) => {
    const { engine, running } = opened;
    for (const target of running.values()) {
      await warmUpRequests(target, { engine, durationMs: WARM_UP_MS });
      await warmUpStreams(target, { engine, durationMs: WARM_UP_MS });
    }
    await engine.setMode(ANSWER);
    say('P14: plain requests');
    const plain = await measureEach(opened, (target) =>
      measureRequests(target, { engine, connections: CONNECTIONS, durationMs: REQUESTS_MS }),
    );
    const latency = await askBlocks(running, PLAN);
    say('P14: streams');
    const streams = await measureEach(opened, (target) => measureStream(target, engine));
    return toLines({ plain, latency, streams });
  });
}

async function measureEach(
  { running }: Opened,
  measureOne: (target: RunningTarget) => Promise<Sample>,
): Promise<Rounds> {
  return runRounds({
    contenders: [...PEERS, 'ours'],
    count: ROUNDS,
    measure: async (name) => {
      const target = running.get(name as TargetName);
      return target === undefined ? { spoilt: 'errors' } : await measureOne(target);
    },
  });
}

async function measureStream(target: RunningTarget, engine: BenchEngine): Promise<Sample> {
  const shape = target.shapes.stream;
  const window = await measureStreams({ engine, target, shape, form: 'events', ...STREAMS });
  const { chunks, reads, cpuNs, errors, wasBusy } = window;
  if (errors > 0 || chunks === 0) return { spoilt: 'errors' };
  if (wasBusy) return { spoilt: 'busy machine' };
  return { values: { cpuUs: cpuNs / 1_000 / chunks, reads: reads / chunks } };
}

type Measured = { readonly plain: Rounds; readonly latency: Rounds; readonly streams: Rounds };

function toLines({ plain, latency, streams }: Measured): readonly Line[] {
  const median = (rounds: Rounds, name: string, value: string): number =>
    summarize(rounds, name, value).median;
  const common = { unit: 'µs', peers: PEERS, goals: [] };
  const rates = [...PEERS, 'ours'].map(
    (name) => `${name} ${median(plain, name, 'perSecond').toFixed(0)}`,
  );
  const reads = [...PEERS, 'ours'].map(
    (name) => `${name} ${median(streams, name, 'reads').toFixed(2)}`,
  );
  return [
    toLine(plain, {
      ...common,
      id: 'P14',
      name: 'processor time of a plain request, beside FastChat',
      value: 'cpuUs',
      notes: [
        `requests per second with ${CONNECTIONS} connections, on one core: ${rates.join(', ')}`,
      ],
    }),
    toLine(latency, {
      ...common,
      id: 'P14-latency',
      name: 'added latency of a plain request, beside FastChat',
      value: 'p50Us',
      notes: [`the engine itself takes ${median(latency, 'direct', 'p50Us').toFixed(0)} µs`],
    }),
    toLine(streams, {
      ...common,
      id: 'P14-chunk',
      name: 'processor time of a chunk, beside FastChat',
      value: 'cpuUs',
      notes: [
        `${STREAMS.streams} streams of ${1_000 / STREAMS.intervalMs} tokens/s; reads at the client for each chunk: ${reads.join(', ')}`,
      ],
    }),
  ];
}
