/** P13: the memory of a gateway that has nothing to do, and what each open stream takes on top. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openStreams } from '../harness/client/streams.ts';
import { readMemoryBytes } from '../harness/cpu.ts';
import { type BenchEngine, startEngine } from '../harness/engine/engine.ts';
import { benchCores } from '../harness/pin.ts';
import {
  type Rounds,
  runRounds,
  type Sample,
  summarize,
  summarizeRatio,
} from '../harness/rounds.ts';
import { openTargets } from '../targets/open-targets.ts';
import type { RunningTarget, StartTarget, TargetName } from '../targets/target.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['nginx', 'portkey'] as const;
/** nginx has its buffers from the start, and next to nothing on top: a ratio to it would tell nothing. */
const STREAM_PEERS = ['portkey'] as const;
/** For what asks whether a target is there. */
const AT_ONCE = { tokens: 8, intervalMs: 0, firstTokenMs: 0 };
/** After the first answer, so that what the start left behind can be given back. */
const IDLE_MS = 2_000;
/** As a model of middling speed. */
const INTERVAL_MS = 100;
/** Longer than anybody listens. */
const TOKENS = 1_000;
/** A tenth of the streams, each ten times as fast: as much to do, so that heaps have their size before the streams come. */
const WARM_UP_SHARE = 0.1;
const WARM_UP_MS = 1_500;
const SETTLE_MS = 500;
const RAMP_MS = 500;

export const memory: Metric = {
  id: 'P13',
  slug: 'memory',
  family: 'memory',
  measure: async (bench) => {
    const { target: core, bench: engineCore } = benchCores();
    const engine = await startEngine({ core: engineCore });
    try {
      const options = { engineUrl: engine.url, core };
      return [await measureIdle(bench, options), await measureStreams(bench, engine, options)];
    } finally {
      await engine.close();
    }
  },
};

/** Processor time plays no part here, so all wait at the same time. */
async function measureIdle({ isQuick, targets, say }: Bench, options: StartTarget): Promise<Line> {
  say('memory: what targets with nothing to do take');
  const kept: ReadonlyMap<string, Readonly<Record<string, number>>>[] = [];
  for (let round = 0; round < (isQuick ? 1 : 3); round += 1) {
    const { running, close } = await openTargets(targets, [...PEERS, 'ours'], options);
    try {
      await sleep(IDLE_MS);
      kept.push(
        new Map(
          [...running.values()].map((target) => [
            target.name,
            { megabytes: residentOf(target) / 1e6 },
          ]),
        ),
      );
    } finally {
      await close();
    }
  }
  return toLine(
    { kept, thrownAway: {} },
    {
      id: 'P13',
      name: 'resident memory with nothing to do',
      unit: 'MB',
      value: 'megabytes',
      peers: PEERS,
      goals: [{ of: 'ours', most: 90 }],
      notes: ['a MB is 1,000,000 bytes; of all processes of a target, 2 s after its first answer'],
    },
  );
}

async function measureStreams(
  bench: Bench,
  engine: BenchEngine,
  options: StartTarget,
): Promise<Line> {
  const { isQuick, targets, say } = bench;
  const plan = { streams: isQuick ? 200 : 500, durationMs: isQuick ? 3_000 : 8_000 };
  const contenders = [...STREAM_PEERS, 'ours' as const].filter((name) => targets.found.has(name));
  say(`memory: ${plan.streams} streams for ${plan.durationMs / 1_000} s`);
  const rounds = await runRounds({
    contenders,
    count: isQuick ? 1 : 2,
    measure: async (name) => {
      await engine.setMode(AT_ONCE);
      const { running, close } = await openTargets(targets, [name as TargetName], options);
      try {
        const target = running.get(name as TargetName);
        return target ? await measureOnce(target, engine, plan) : { spoilt: 'errors' as const };
      } finally {
        await close();
      }
    },
  });
  return toLine(rounds, {
    id: 'P13-stream',
    name: `memory of an open stream, of ${plan.streams} with 10 tokens/s each`,
    unit: 'kB',
    value: 'kilobytes',
    peers: STREAM_PEERS,
    goals: [{ of: 'ours', most: 30 }],
    notes: [describeLoad(rounds, contenders)],
  });
}

type StreamPlan = { readonly streams: number; readonly durationMs: number };

async function measureOnce(
  target: RunningTarget,
  engine: BenchEngine,
  plan: StreamPlan,
): Promise<Sample> {
  const { streams, durationMs } = plan;
  await hold(target, engine, {
    streams: Math.ceil(streams * WARM_UP_SHARE),
    intervalMs: INTERVAL_MS * WARM_UP_SHARE,
    durationMs: WARM_UP_MS,
  });
  await sleep(SETTLE_MS);
  const idle = residentOf(target);
  const { errors, resident } = await hold(target, engine, {
    streams,
    intervalMs: INTERVAL_MS,
    durationMs,
  });
  if (errors > 0) return { spoilt: 'errors' };
  return {
    values: { kilobytes: (resident - idle) / 1e3 / streams, loadMegabytes: resident / 1e6 },
  };
}

type Held = StreamPlan & { readonly intervalMs: number };

/** Keeps streams open for a time; `resident` is the memory at its end, before they leave. */
async function hold(
  { port, shapes, ...target }: RunningTarget,
  engine: BenchEngine,
  { streams, intervalMs, durationMs }: Held,
): Promise<{ readonly errors: number; readonly resident: number }> {
  await engine.setMode({ tokens: TOKENS, intervalMs, firstTokenMs: 0 });
  const open = openStreams({
    port,
    shape: shapes.stream,
    form: 'events',
    concurrency: streams,
    rampMs: RAMP_MS,
  });
  try {
    await sleep(durationMs);
    return { errors: open.seen().errors, resident: residentOf(target) };
  } finally {
    open.stop();
  }
}

/** In bytes. */
function residentOf({ rootPid }: Pick<RunningTarget, 'rootPid'>): number {
  return rootPid === null ? NaN : readMemoryBytes(rootPid);
}

function describeLoad(rounds: Rounds, names: readonly TargetName[]): string {
  const totals = names.map(
    (name) => `${name} ${summarize(rounds, name, 'loadMegabytes').median.toFixed(0)} MB`,
  );
  if (!names.includes('portkey')) return `resident memory under this load: ${totals.join(', ')}`;
  const { median } = summarizeRatio(rounds, 'loadMegabytes', { of: 'ours', to: 'portkey' });
  return `resident memory under this load: ${totals.join(', ')}; ours is ${median.toFixed(2)} of portkey's, the goal 0.5 at the most`;
}
