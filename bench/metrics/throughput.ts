/**
 * P9: what is left of an engine's throughput behind us, at 256 streams. Each client asks again when it has its answer, and the engine goes by
 * its schedule, as a model does that has room in its batch: whatever we add to an answer is time in which its client's place stands empty.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openStreams } from '../harness/client/streams.ts';
import { startEngine } from '../harness/engine/engine.ts';
import { benchCores } from '../harness/pin.ts';
import { watchQuiet } from '../harness/quiet.ts';
import { runRounds, toSummary, type Sample } from '../harness/rounds.ts';
import { openTargets } from '../targets/open-targets.ts';
import type { RunningTarget } from '../targets/target.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { skippedLine } from './skipped-line.ts';
import { toLine } from './to-line.ts';

const STREAMS = 256;
/** A model of 8 billion parameters on an H100 answers at twice this pace; there our engine and clients would fill their own core. */
const PACE = { firstTokenMs: 100, intervalMs: 24 };
/** Of the answers that should have ended meanwhile; with fewer, some streams stand still, and the others' times are not all of it. */
const LEAST_ENDED = 0.9;
const LINE = { id: 'P9', name: `throughput of an engine at ${STREAMS} streams`, unit: 'tokens/s' };
const ANSWER_LINE = {
  id: 'P9-answer',
  name: `time of a whole answer at ${STREAMS} streams`,
  unit: 'ms',
};

export const throughput: Metric = {
  id: 'P9',
  slug: 'throughput',
  family: 'routing',
  measure: measureThroughput,
};

async function measureThroughput({ isQuick, targets, say }: Bench): Promise<readonly Line[]> {
  if (!targets.found.has('ours')) return [skippedLine(LINE), skippedLine(ANSWER_LINE)];
  const { target: core, bench: engineCore } = benchCores();
  const engine = await startEngine({ core: engineCore });
  try {
    const { running, close } = await openTargets(targets, ['direct', 'ours'], {
      engineUrl: engine.url,
      core,
    });
    try {
      const setting: Setting = {
        tokens: isQuick ? 64 : 128,
        windowMs: isQuick ? 1_650 : 3_600,
      };
      await engine.setMode({ ...PACE, tokens: setting.tokens });
      // Until the code that tokens go through is compiled.
      const warm = running.get('ours');
      if (warm !== undefined) await measureOnce(warm, setting);
      const rounds = await runRounds({
        contenders: [...running.keys()],
        count: isQuick ? 2 : 3,
        measure: async (name) => {
          const target = running.get(name as RunningTarget['name']);
          if (target === undefined) return { spoilt: 'errors' };
          const sample = await measureOnce(target, setting);
          say(`P9 ${name}: ${JSON.stringify(sample)}`);
          return sample;
        },
      });
      const load =
        `${STREAMS} clients, answers of ${setting.tokens} tokens, the first after ${PACE.firstTokenMs} ms, then one each ${PACE.intervalMs} ms; ` +
        'ours in the cumulative form';
      return [
        toLine(rounds, {
          ...LINE,
          value: 'tokensPerS',
          peers: ['direct'],
          goals: [{ of: 'direct', least: 0.995 }],
          notes: [load],
        }),
        toLine(rounds, {
          ...ANSWER_LINE,
          value: 'answerMs',
          peers: ['direct'],
          goals: [{ of: 'direct', most: 1.02 }],
          notes: ['the median of all answers'],
        }),
      ];
    } finally {
      await close();
    }
  } finally {
    await engine.close();
  }
}

type Setting = {
  readonly tokens: number;
  readonly windowMs: number;
};

async function measureOnce(target: RunningTarget, setting: Setting): Promise<Sample> {
  const { tokens, windowMs } = setting;
  const { port, shapes } = target;
  const form = shapes.cumulative === undefined ? 'events' : 'frames';
  // Spread over one answer's time, so that tokens come evenly from then on.
  const rampMs = PACE.firstTokenMs + tokens * PACE.intervalMs;
  const shape = shapes.cumulative ?? shapes.stream;
  const options = { port, shape, form, concurrency: STREAMS, rampMs, keepTimes: true } as const;
  const streams = openStreams(options);
  try {
    await sleep(rampMs + 200);
    streams.takeTimes();
    const watch = watchQuiet();
    const beganMs = performance.now();
    await sleep(windowMs);
    const { wholeMs } = streams.takeTimes();
    const elapsedMs = performance.now() - beganMs;
    const meanMs = wholeMs.reduce((sum, ms) => sum + ms, 0) / wholeMs.length;
    const isStuck = wholeMs.length < (LEAST_ENDED * STREAMS * elapsedMs) / meanMs;
    if (streams.seen().errors > 0 || isStuck) return { spoilt: 'errors' };
    if (watch.wasBusy()) return { spoilt: 'busy machine' };
    return {
      values: {
        // By Little's law: whoever has an answer asks for the next one at once, so all clients always have one under way.
        tokensPerS: (STREAMS * tokens * 1_000) / meanMs,
        answerMs: toSummary(wholeMs).median,
      },
    };
  } finally {
    streams.stop();
  }
}
