import type { Sampling } from '../text-source.ts';
import { createRandom, type Random } from './random.ts';
import { fillSentence, nextSentence } from './sentences.ts';
import { END_TOKEN, tokenize } from './tokenizer.ts';

// An ordinary answer has a target that its last sentence does not pass, and no sentence is longer than the difference.
const LONGEST_SENTENCE = 28;
const SHORTEST_ANSWER = 40;
const LONGEST_ANSWER = 160;

export type AnswerTokensInput = {
  readonly model: string;
  readonly prompt: readonly number[];
  readonly sampling: Pick<Sampling, 'temperature' | 'seed' | 'minTokens'>;
  /** Exact length of every answer, the end token included; undefined: 40 to 160, by the prompt. */
  readonly answerTokens?: number | undefined;
};

/** Gives the tokens of an answer one by one: its text, its end token, and then further sentences for those who do not want it to end. */
export function createAnswerTokens(input: AnswerTokensInput): () => number {
  const sentences = answerSentences(input);
  let sentence: readonly number[] = [];
  let at = 0;
  return () => {
    // A step of a generator for each token would be a good part of what a token costs.
    while (at >= sentence.length) {
      sentence = sentences.next().value;
      at = 0;
    }
    at += 1;
    return sentence[at - 1] ?? END_TOKEN;
  };
}

function* answerSentences(input: AnswerTokensInput): Generator<readonly number[], never> {
  const { model, prompt, sampling, answerTokens: exact } = input;
  const seed = sampling.temperature > 0 && sampling.seed !== null ? String(sampling.seed) : '';
  const ids = new Uint8Array(Float64Array.from(prompt).buffer);
  const random = createRandom([model, ids, seed]);
  const opening = tokenize(
    `This is a simulated answer of model ${model}. The prompt has ${prompt.length} tokens.`,
  );
  const target = Math.max(exact ?? ordinaryTarget(random), sampling.minTokens + 1);
  // Ordinary answers are never shorter than SHORTEST_ANSWER, so up to there `min_tokens` is kept without filling.
  const isExact = exact !== undefined || sampling.minTokens >= SHORTEST_ANSWER;
  yield* answerText(opening, random, { textTokens: target - 1, isExact });
  for (;;) {
    yield [END_TOKEN];
    for (let i = 0; i < 4; i += 1) yield tokenize(nextSentence(random));
  }
}

function ordinaryTarget(random: Random): number {
  const least = SHORTEST_ANSWER + LONGEST_SENTENCE;
  return least + random(LONGEST_ANSWER - least + 1);
}

type AnswerLength = { readonly textTokens: number; readonly isExact: boolean };

function* answerText(
  opening: readonly number[],
  random: Random,
  { textTokens, isExact }: AnswerLength,
): Generator<readonly number[], void> {
  let left = textTokens;
  let sentence = opening.slice(0, left);
  while (sentence.length > 0 && sentence.length <= left) {
    yield sentence;
    left -= sentence.length;
    sentence = tokenize(nextSentence(random));
  }
  if (isExact) yield tokenize(fillSentence(left));
}
