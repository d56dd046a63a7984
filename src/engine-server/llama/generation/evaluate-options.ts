import { randomInt } from 'node:crypto';

import type { Sampling } from '../../text-source.ts';
import type { EvaluateOptions, RepeatPenalty, TokenBias } from '../native/package-api.ts';

export type EvaluateInput = {
  readonly sampling: Sampling;
  readonly prompt: readonly number[];
  /** The answer so far; read again before each token. */
  readonly answer: readonly number[];
  readonly endTokens: ReadonlySet<number>;
  /** Tokens of one slot. */
  readonly contextLength: number;
  readonly createBias: () => TokenBias;
};

/** vLLM's: below the first greedy, below the second as if it were the second. */
const GREEDY_BELOW = 1e-5;
const LOWEST_TEMPERATURE = 0.01;

/** llama.cpp takes the greatest of 32 bits for "at random". */
const SEEDS = 2 ** 32 - 1;

/**
 * The library's words for how tokens are chosen. What is off is said to be off, since its own defaults are others: `topK` 40, `topP` 0.95,
 * a penalty of 1.1 when there is any. The order is llama.cpp's: bias, penalties, top k, top p, min p, temperature. vLLM has the temperature
 * before the three; for top k that is the same, and min p is put so that it is.
 */
export function toEvaluateOptions(input: EvaluateInput): EvaluateOptions {
  const { sampling } = input;
  const isGreedy = sampling.temperature < GREEDY_BELOW;
  const temperature = isGreedy ? 0 : Math.max(LOWEST_TEMPERATURE, sampling.temperature);
  const repeatPenalty = toRepeatPenalty(input);
  const tokenBias = toTokenBias(input);
  return {
    temperature,
    topK: sampling.topK === 0 ? null : sampling.topK,
    topP: sampling.topP,
    // p / max p after the temperature is what it was before to the power of 1 / temperature.
    minP: sampling.minP ** (isGreedy ? 1 : temperature),
    seed: sampling.seed === null ? randomInt(SEEDS) : (sampling.seed >>> 0) % SEEDS,
    yieldEogToken: true,
    ...(repeatPenalty === null ? {} : { repeatPenalty }),
    ...(tokenBias === null ? {} : { tokenBias }),
  };
}

/**
 * The library has one list of tokens for all penalties, where vLLM has two: repetition counts prompt and answer, presence and frequency the
 * answer. With both kinds the second goes over the bias.
 */
function toRepeatPenalty(input: EvaluateInput): RepeatPenalty | null {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = input.sampling;
  const { prompt, answer, contextLength } = input;
  if (repetitionPenalty !== 1) {
    return {
      punishTokens: () => [...prompt, ...answer],
      maxPunishTokens: contextLength,
      penalty: repetitionPenalty,
      presencePenalty: 0,
      frequencyPenalty: 0,
    };
  }
  if (presencePenalty === 0 && frequencyPenalty === 0) return null;
  return {
    punishTokens: () => answer,
    maxPunishTokens: contextLength,
    penalty: 1,
    presencePenalty,
    frequencyPenalty,
  };
}

function toTokenBias({
  sampling,
  answer,
  endTokens,
  createBias,
}: EvaluateInput): (() => TokenBias) | null {
  const { repetitionPenalty, presencePenalty, frequencyPenalty, minTokens } = sampling;
  const isBoth = repetitionPenalty !== 1 && (presencePenalty !== 0 || frequencyPenalty !== 0);
  if (!isBoth && minTokens === 0) return null;
  return () => {
    const bias = createBias();
    if (isBoth) {
      for (const token of answer) {
        const before = bias._biases.get(token) ?? -presencePenalty;
        bias._biases.set(token, before - frequencyPenalty);
      }
    }
    if (answer.length < minTokens) {
      for (const token of endTokens) bias._biases.set(token, -Infinity);
    }
    return bias;
  };
}
