import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  type EvaluateInput,
  toEvaluateOptions,
} from '../../../../src/engine-server/llama/generation/evaluate-options.ts';

const SAMPLING: EvaluateInput['sampling'] = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  repetitionPenalty: 1,
  seed: 5,
  minTokens: 0,
};

const input = (
  sampling: Partial<EvaluateInput['sampling']>,
  answer: readonly number[] = [],
): EvaluateInput => ({
  sampling: { ...SAMPLING, ...sampling },
  prompt: [1, 2],
  answer,
  endTokens: new Set([90, 91]),
  contextLength: 64,
  createBias: () => ({ _biases: new Map() }),
});
const options = (...args: Parameters<typeof input>) => toEvaluateOptions(input(...args));
const biasOf = (...args: Parameters<typeof input>) => options(...args).tokenBias?.()._biases;

describe('how tokens are chosen', () => {
  it('has nothing on that was not asked for', () => {
    assert.deepEqual(options({}), {
      temperature: 1,
      topK: null,
      topP: 1,
      minP: 0,
      seed: 5,
      yieldEogToken: true,
    });
  });

  it('is greedy at temperature 0, and never quite so just above it', () => {
    assert.equal(options({ temperature: 0 }).temperature, 0);
    assert.equal(options({ temperature: 1e-6 }).temperature, 0);
    assert.equal(options({ temperature: 0.001 }).temperature, 0.01);
  });

  it('turns min_p, which vLLM takes after the temperature, into one before it', () => {
    assert.equal(options({ minP: 0.25, temperature: 0.5 }).minP, 0.5);
    assert.equal(options({ minP: 0.25, temperature: 0 }).minP, 0.25);
  });

  it('has a seed of 32 bits that is not llama.cpp’s word for chance', () => {
    for (const seed of [-1, -5, 2 ** 32 - 1, 2 ** 40 + 3]) {
      const { seed: given } = options({ seed });
      assert.ok(Number.isInteger(given) && given >= 0 && given < 2 ** 32 - 1, `${seed}: ${given}`);
    }
    const chosen = new Set(Array.from({ length: 9 }, () => options({ seed: null }).seed));
    assert.ok(chosen.size > 1, 'without a seed each answer has one of its own');
  });

  it('counts prompt and answer for a repetition penalty, the answer alone for the others', () => {
    const answer: number[] = [];
    const repetition = options({ repetitionPenalty: 1.5 }, answer).repeatPenalty;
    const presence = options({ presencePenalty: 1, frequencyPenalty: -1 }, answer).repeatPenalty;
    answer.push(7);
    assert.deepEqual(repetition?.punishTokens(), [1, 2, 7]);
    assert.deepEqual([repetition.penalty, repetition.presencePenalty], [1.5, 0]);
    assert.deepEqual(presence?.punishTokens(), [7]);
    assert.deepEqual(
      [presence.penalty, presence.presencePenalty, presence.frequencyPenalty],
      [1, 1, -1],
    );
  });

  it('puts presence and frequency into the bias where repetition is punished too', () => {
    const all = { repetitionPenalty: 2, presencePenalty: 1, frequencyPenalty: 0.5 };
    assert.deepEqual(
      biasOf(all, [7, 8, 7]),
      new Map([
        [7, -2],
        [8, -1.5],
      ]),
    );
  });

  it('allows no end token before min_tokens', () => {
    const never = new Map([
      [90, -Infinity],
      [91, -Infinity],
    ]);
    assert.deepEqual(biasOf({ minTokens: 2 }, [7]), never);
    assert.deepEqual(biasOf({ minTokens: 2 }, [7, 8]), new Map());
    assert.equal(options({}).tokenBias, undefined);
  });
});
