/** P5: what the processor does for each token of a stream: passed on as an event, and turned into the worker API's frames. */
import { type BenchEngine, startEngine } from '../harness/engine/engine.ts';
import { measureStreams } from '../harness/measure-streams.ts';
import { benchCores } from '../harness/pin.ts';
import { type Rounds, runRounds, type Sample, summarize } from '../harness/rounds.ts';
import { needsWarmUp } from '../harness/warm-up.ts';
import { openTargets } from '../targets/open-targets.ts';
import type { RunningTarget } from '../targets/target.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { toLine } from './to-line.ts';

const PEERS = ['nginx', 'portkey'] as const;
const STREAMS = 60;
const INTERVAL_MS = 20;
/** The cost of cumulative frames depends on it; streams of all ages are half as long in the middle. */
const TOKENS = 500;
/** Fewer reads for each chunk than this: chunks came together, and cost less than they should. */
const LEAST_READS = 0.93;

/** Ours is measured in three ways, two of them of the same process. */
type Contender = {
  readonly target: RunningTarget;
  readonly how: 'stream' | 'cumulative';
  /** Frames wait for each other on purpose. */
  readonly mayMerge: boolean;
};

export const chunkCpu: Metric = {
  id: 'P5',
  slug: 'chunk-cpu',
  family: 'chunks',
  measure,
};

async function measure({ isQuick, targets, say }: Bench): Promise<readonly Line[]> {
  const { target: core, bench: engineCore } = benchCores();
  const engine = await startEngine({ core: engineCore });
  const opened: { readonly close: () => Promise<void> }[] = [];
  try {
    const options = { engineUrl: engine.url, core };
    const all = await openTargets(targets, [...PEERS, 'ours'], options);
    opened.push(all);
    const oneByOne = await openTargets(targets, ['ours'], { ...options, frameWaitMs: 0 });
    opened.push(oneByOne);
    const contenders = new Map<string, Contender>();
    for (const [name, target] of all.running) {
      contenders.set(name, { target, how: 'stream', mayMerge: false });
      if (name === 'ours')
        contenders.set('coalesced', { target, how: 'cumulative', mayMerge: true });
    }
    for (const target of oneByOne.running.values()) {
      contenders.set('converted', { target, how: 'cumulative', mayMerge: false });
    }
    const warmUpMs = isQuick ? 1_500 : 4_000;
    for (const contender of contenders.values())
      if (needsWarmUp(contender.target)) await warmUp(contender, engine, warmUpMs);
    const rounds = await runRounds({
      contenders: [...contenders.keys()],
      count: isQuick ? 3 : 12,
      measure: async (name) => {
        const contender = contenders.get(name);
        if (contender === undefined) return { spoilt: 'errors' };
        const sample = await measureOnce(contender, engine, isQuick ? 800 : 2_000);
        say(`P5 ${name}: ${JSON.stringify(sample)}`);
        return sample;
      },
    });
    return toLines(rounds);
  } finally {
    for (const { close } of opened) await close();
    await engine.close();
  }
}

/** Until what streams go through is compiled, which takes V8 tens of thousands of chunks: so they come faster than they are measured. */
async function warmUp({ target, how }: Contender, engine: BenchEngine, windowMs: number) {
  const shape = target.shapes[how];
  if (shape === undefined) return;
  const form = how === 'stream' ? 'events' : 'frames';
  const load = { streams: STREAMS, tokens: TOKENS, intervalMs: INTERVAL_MS / 3, windowMs };
  await measureStreams({ engine, target, shape, form, ...load });
}

async function measureOnce(
  { target, how, mayMerge }: Contender,
  engine: BenchEngine,
  windowMs: number,
): Promise<Sample> {
  const shape = target.shapes[how];
  if (shape === undefined) return { spoilt: 'errors' };
  const form = how === 'stream' ? 'events' : 'frames';
  const load = { streams: STREAMS, tokens: TOKENS, intervalMs: INTERVAL_MS, windowMs };
  const window = await measureStreams({ engine, target, shape, form, ...load });
  const { chunks, reads, bytes, cpuNs, errors, wasBusy } = window;
  if (errors > 0 || chunks === 0) return { spoilt: 'errors' };
  if (wasBusy) return { spoilt: 'busy machine' };
  if (!mayMerge && reads / chunks < LEAST_READS) return { spoilt: 'merged chunks' };
  return {
    values: { cpuUs: cpuNs / 1_000 / chunks, reads: reads / chunks, bytes: bytes / chunks },
  };
}

function toLines(rounds: Rounds): readonly Line[] {
  const notes = (name: string): readonly string[] => {
    const of = (value: string) => summarize(rounds, name, value).median;
    const reads = `${of('reads').toFixed(2)} reads and ${of('bytes').toFixed(0)} bytes at the client`;
    return [`${STREAMS} streams of ${1_000 / INTERVAL_MS} tokens/s; for each chunk ${reads}`];
  };
  const common = { unit: 'µs', value: 'cpuUs' };
  return [
    toLine(rounds, {
      ...common,
      id: 'P5',
      name: 'processor time of a chunk, passed on as an event',
      peers: PEERS,
      goals: [
        { of: 'nginx', most: 2.5 },
        { of: 'portkey', most: 0.5 },
      ],
      notes: notes('ours'),
    }),
    toLine(asOurs(rounds, 'converted'), {
      ...common,
      id: 'P5-converted',
      name: 'processor time of a chunk, as a cumulative frame of its own',
      peers: PEERS,
      goals: [{ of: 'nginx', most: 2.6 }],
      notes: [...notes('converted'), 'nginx and Portkey convert nothing'],
    }),
    toLine(asOurs(rounds, 'coalesced'), {
      ...common,
      id: 'P5-coalesced',
      name: 'processor time of a chunk, in cumulative frames that wait',
      peers: PEERS,
      goals: [{ of: 'nginx', most: 2 }],
      notes: [...notes('coalesced'), 'nginx and Portkey convert nothing'],
    }),
  ];
}

/** Rounds in which another contender of ours is the one that is told of. */
function asOurs(rounds: Rounds, name: string): Rounds {
  const kept = rounds.kept.map((round) => new Map([...round, ['ours', round.get(name) ?? {}]]));
  return { ...rounds, kept };
}
