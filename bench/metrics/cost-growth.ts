/**
 * P8: whether a token of a long answer costs more than one of a short answer, in the cumulative form, where a frame has all text so far. The
 * pace and the number of streams are the same; streams of all ages run at once, so that a few seconds stand for whole answers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openStreams } from '../harness/client/streams.ts';
import { cpuBetweenNs, readCpu } from '../harness/cpu.ts';
import { type BenchEngine, startEngine } from '../harness/engine/engine.ts';
import type { EngineMode } from '../harness/engine/mode.ts';
import { benchCores } from '../harness/pin.ts';
import { watchQuiet } from '../harness/quiet.ts';
import { runRounds, type Sample } from '../harness/rounds.ts';
import type { RunningTarget } from '../targets/target.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { skippedLine } from './skipped-line.ts';
import { toLine } from './to-line.ts';

const TOKENS: Readonly<Record<string, number>> = { ours: 8_000, 'short answers': 200 };
const STREAMS = 20;
const TOKENS_PER_SECOND = 400;
const LINE = { id: 'P8', name: 'processor time of a chunk of a long answer', unit: 'µs' };

export const costGrowth: Metric = {
  id: 'P8',
  slug: 'cost-growth',
  family: 'chunks',
  measure: async (bench) => [await measureGrowth(bench)],
};

type Setting = {
  readonly engine: BenchEngine;
  readonly running: RunningTarget;
  readonly isQuick: boolean;
};

async function measureGrowth({ isQuick, targets, say }: Bench): Promise<Line> {
  const target = targets.found.get('ours');
  if (target === undefined) return skippedLine(LINE);
  const cores = benchCores();
  const engine = await startEngine({ core: cores.bench });
  try {
    const running = await target.start({ engineUrl: engine.url, core: cores.target });
    try {
      const setting = { engine, running, isQuick };
      // Until the code that tokens go through is compiled.
      await measureOnce(200, setting);
      const rounds = await runRounds({
        contenders: Object.keys(TOKENS),
        count: isQuick ? 2 : 5,
        measure: async (contender) => {
          const sample = await measureOnce(TOKENS[contender] ?? 0, setting);
          say(`P8 ${contender}: ${JSON.stringify(sample)}`);
          return sample;
        },
      });
      return toLine(rounds, {
        ...LINE,
        value: 'cpuUs',
        peers: ['short answers'],
        goals: [{ of: 'short answers', most: 1.5 }],
        notes: [
          `answers of ${TOKENS['ours']} tokens, and of ${TOKENS['short answers']} with what their requests cost; ` +
            `${STREAMS} streams of ${TOKENS_PER_SECOND} tokens/s each, cumulative`,
        ],
      });
    } finally {
      await running.close();
    }
  } finally {
    await engine.close();
  }
}

async function measureOnce(tokens: number, setting: Setting): Promise<Sample> {
  const { engine, running, isQuick } = setting;
  const { port, rootPid, shapes } = running;
  if (rootPid === null || shapes.cumulative === undefined) return { spoilt: 'errors' };
  const mode: EngineMode = { tokens, intervalMs: 1_000 / TOKENS_PER_SECOND, firstTokenMs: 0 };
  await engine.setMode({ ...mode, isMidway: true });
  const shape = shapes.cumulative;
  const streams = openStreams({ port, shape, form: 'frames', concurrency: STREAMS });
  try {
    await sleep(isQuick ? 300 : 700);
    // Those that come after one that ended begin at their beginning.
    await engine.setMode(mode);
    const watch = watchQuiet();
    const [before, cpu] = [await engine.counts(), readCpu(rootPid)];
    await sleep(isQuick ? 1_300 : 3_500);
    const cpuNs = cpuBetweenNs(cpu, readCpu(rootPid));
    const chunks = (await engine.counts()).chunks - before.chunks;
    if (streams.seen().errors > 0 || chunks === 0) return { spoilt: 'errors' };
    if (watch.wasBusy()) return { spoilt: 'busy machine' };
    return { values: { cpuUs: cpuNs / 1_000 / chunks } };
  } finally {
    streams.stop();
  }
}
