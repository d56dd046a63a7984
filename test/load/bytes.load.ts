import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { oneService } from './harness/configurations.ts';
import { describeMs, quantile } from './harness/measure.ts';
import { askEngine } from './harness/client/json-client.ts';
import { startSimulator, startWorker } from './harness/programs.ts';
import { scaled } from './harness/scale.ts';
import { parseFrame } from './harness/client/frames.ts';
import { describeOutcome, isWhole, startGeneration } from './harness/client/generation.ts';
import { assertSameText } from './harness/same-text.ts';
import { startTap } from './harness/taps/token-tap.ts';

const TOKENS = scaled(2_000, 400);
const TOKENS_PER_SECOND = 100;
const PROMPT = 'How long is a long answer?';

/** What FastChat's worker would send: the whole text again with each token. A long answer's share is what is asked for. */
const MOST_OF_NAIVE = { cumulative: 0.2, delta: 0.03 } as const;
/** A short answer has a smaller square to save. */
const IS_LONG = TOKENS >= 2_000;

describe(`an answer of ${TOKENS} tokens at ${TOKENS_PER_SECOND} a second`, () => {
  for (const form of ['cumulative', 'delta'] as const) {
    it(`takes at most ${MOST_OF_NAIVE[form]} of the naive bytes, ${form}`, async (t) => {
      const engine = await startSimulator(t, {
        'answer-tokens': TOKENS,
        'ttft-ms': 20,
        'itl-ms': 1_000 / TOKENS_PER_SECOND,
      });
      const tap = await startTap(t, engine.port);
      const worker = await startWorker(t, oneService({ name: 'm', engineUrls: [tap.url] }));

      const frameTimes: { readonly length: number; readonly atMs: number }[] = [];
      let length = 0;
      const { outcome, reply } = startGeneration({
        port: worker.port,
        form,
        body: { prompt: PROMPT, max_new_tokens: TOKENS },
        onFrame: (json, atMs) => {
          const text = parseFrame(json)?.text ?? '';
          length = form === 'delta' ? length + text.length : text.length;
          frameTimes.push({ length, atMs });
        },
      });
      const ended = await outcome;
      assert.ok(isWhole(ended), describeOutcome(ended));

      const tokens = tap.tokens();
      assertSameText(ended.text, tokens.map(({ text }) => text).join(''));
      const naive = naiveBytes(tokens.map(({ text }) => text));
      const share = reply.wireBytes() / naive;
      const ages = staleness(tokens, frameTimes);
      t.diagnostic(
        `${form}: ${reply.wireBytes()} bytes of ${naive} naive ones, ${share.toFixed(4)}; ${ended.frames} frames`,
      );
      t.diagnostic(`${form}: staleness of a token ${describeMs(ages)}`);
      t.diagnostic(`${form}: longest staleness ${quantile(ages, 1).toFixed(1)} ms`);
      if (IS_LONG) assert.ok(share <= MOST_OF_NAIVE[form], `${share} of the naive bytes`);
      // The tap shows what was sent; this is what the engine says when nobody stands between.
      assertSameText(ended.text, await askEngine(engine.url, PROMPT, TOKENS));
    });
  }
});

/** A frame for each token, in the envelope of ours: the smallest that they could be, without the chunked encoding around them. */
function naiveBytes(texts: readonly string[]): number {
  let text = '';
  return texts.reduce((bytes, piece, i) => {
    text += piece;
    const completion_tokens = i + 1;
    const usage = { prompt_tokens: 9, completion_tokens, total_tokens: 9 + completion_tokens };
    return bytes + asciiLength({ text, error_code: 0, usage, finish_reason: null }) + 1;
  }, 0);
}

/** Each character beyond ASCII takes the six of its escape. */
function asciiLength(frame: object): number {
  const json = JSON.stringify(frame);
  return json.length + 5 * (json.match(/[\u007f-\uffff]/g)?.length ?? 0);
}

type Timed = { readonly length: number; readonly atMs: number };

/** How old each token was when the frame that has it was read. */
function staleness(
  tokens: readonly { readonly text: string; readonly atMs: number }[],
  frames: readonly Timed[],
): number[] {
  const ages: number[] = [];
  let length = 0;
  let next = 0;
  for (const { text, atMs } of tokens) {
    length += text.length;
    while (next < frames.length && frames[next]!.length < length) next += 1;
    if (text !== '') ages.push((frames[next]?.atMs ?? Infinity) - atMs);
  }
  return ages;
}
