/**
 * P7: bytes on the wire of one long answer in the two forms of the worker API, against one cumulative frame for each token. Answers of both
 * forms run at once: their pace is low. A machine that is too busy for it merges frames, which saves bytes that are not ours to save.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { openStreams } from '../harness/client/streams.ts';
import { type BenchEngine, startEngine } from '../harness/engine/engine.ts';
import { benchCores } from '../harness/pin.ts';
import { runRounds, summarize, toSummary, type Sample } from '../harness/rounds.ts';
import { chatShapes } from '../targets/requests/chat-request.ts';
import type { RunningTarget } from '../targets/target.ts';
import type { Bench, Line, Metric } from './metric.ts';
import { skippedLine } from './skipped-line.ts';
import { toLine } from './to-line.ts';
import { naiveBytes } from './wire/naive-bytes.ts';
import { readTokens } from './wire/read-tokens.ts';

/** Frames of a longer answer wait longer, and have more to repeat: a quick run is a little off. */
const TOKENS = { full: 2_000, quick: 1_500 };
const TOKENS_PER_SECOND = 100;
const FIRST_TOKEN_MS = 20;
/** Of each form, one begun after the other, so that they do not all meet the same timer. */
const ANSWERS = 3;
const STAGGER_MS = 17;
/** Frames of the delta form for each token; fewer were merged. */
const LEAST_FRAMES = 0.93;

const LINES = [
  {
    id: 'P7',
    value: 'cumulative',
    name: 'bytes of a long answer, all text in each frame',
    most: 0.2,
  },
  { id: 'P7-delta', value: 'delta', name: 'bytes of a long answer, new text only', most: 0.03 },
] as const;

export const wireBytes: Metric = {
  id: 'P7',
  slug: 'wire-bytes',
  family: 'bytes',
  measure: measureWireBytes,
};

async function measureWireBytes({ isQuick, targets, say }: Bench): Promise<readonly Line[]> {
  const target = targets.found.get('ours');
  if (target === undefined)
    return LINES.map(({ id, name }) => skippedLine({ id, name, unit: 'MB' }));
  const cores = benchCores();
  const engine = await startEngine({ core: cores.bench });
  try {
    // It asks once to see whether it has started, and should not wait for so long an answer.
    const running = await target.start({ engineUrl: engine.url, core: cores.target });
    try {
      const tokens = TOKENS[isQuick ? 'quick' : 'full'];
      const naive = (await measureNaive(engine, tokens)) / 1e6;
      const rounds = await runRounds({
        contenders: ['naive', 'ours'],
        count: isQuick ? 1 : 2,
        measure: async (name) => {
          if (name === 'naive') return { values: { cumulative: naive, delta: naive } };
          const sample = await measureOnce(running, tokens);
          say(`P7 ${name}: ${JSON.stringify(sample)}`);
          return sample;
        },
      });
      const frames = (form: string): string =>
        summarize(rounds, 'ours', `${form}Frames`).median.toFixed(0);
      return LINES.map(({ id, value, name, most }) =>
        toLine(rounds, {
          ...{ id, value, name, unit: 'MB', peers: ['naive'] },
          goals: [{ of: 'naive', most }],
          notes: [
            `${tokens} tokens at ${TOKENS_PER_SECOND} a second in ${frames(value)} frames; naive: one frame a token with all text so far, computed from the ` +
              'same text; both with the lengths of HTTP chunks, ours with the head of its reply, too',
          ],
        }),
      );
    } finally {
      await running.close();
    }
  } finally {
    await engine.close();
  }
}

/** Of the very text that is sent. Leaves the engine at the pace of the measurement. */
async function measureNaive(engine: BenchEngine, tokens: number): Promise<number> {
  await engine.setMode({ tokens, intervalMs: 1, firstTokenMs: 0 });
  const answer = await readTokens(engine.url, chatShapes().stream);
  if (answer.tokens.length !== tokens)
    throw new Error(`the engine has ${answer.tokens.length} tokens instead of ${tokens}`);
  const intervalMs = 1_000 / TOKENS_PER_SECOND;
  await engine.setMode({ tokens, intervalMs, firstTokenMs: FIRST_TOKEN_MS });
  return naiveBytes(answer);
}

async function measureOnce(running: RunningTarget, tokens: number): Promise<Sample> {
  const [cumulative, delta] = await Promise.all([
    readAnswers(running, 'cumulative'),
    readAnswers(running, 'delta'),
  ]);
  if (cumulative === null || delta === null) return { spoilt: 'errors' };
  if (delta.frames < LEAST_FRAMES * tokens) return { spoilt: 'merged chunks' };
  return {
    values: {
      cumulative: cumulative.megabytes,
      delta: delta.megabytes,
      cumulativeFrames: cumulative.frames,
      deltaFrames: delta.frames,
    },
  };
}

/** Medians of several answers: all bytes of a reply, and its frames; null: not all of them came whole. */
async function readAnswers(
  { port, shapes }: RunningTarget,
  form: 'cumulative' | 'delta',
): Promise<{ readonly megabytes: number; readonly frames: number } | null> {
  const shape = shapes[form];
  if (shape === undefined) return null;
  const answers = Array.from({ length: ANSWERS }, async (_, at) => {
    await sleep(at * STAGGER_MS);
    const stream = openStreams({ port, shape, form: 'frames', concurrency: 1, answersEach: 1 });
    await stream.ended;
    return stream.seen();
  });
  const seen = await Promise.all(answers);
  if (seen.some(({ answers: whole, errors }) => whole !== 1 || errors > 0)) return null;
  return {
    megabytes: toSummary(seen.map(({ bytes }) => bytes / 1e6)).median,
    frames: toSummary(seen.map(({ frames }) => frames)).median,
  };
}
