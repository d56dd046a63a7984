import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { ChatTokensOptions, Sampling, SourceMessage, TextSource } from '../text-source.ts';
import { createRandom, type Random } from './random.ts';
import { fillSentence, nextSentence } from './sentences.ts';
import { BEGIN_TOKEN, detokenize, END_TOKEN, tokenize, VOCABULARY_SIZE } from './tokenizer.ts';

export type SimulatorOptions = {
  readonly model: string;
  /** Tokens. */
  readonly contextLength: number;
  readonly ttftMs: number;
  readonly itlMs: number;
  readonly loadMs: number;
  /** Exact length of every answer, the end token included; undefined: 40 to 160, by the prompt. */
  readonly answerTokens?: number | undefined;
};

/**
 * A source of text without a model: readable sentences, chosen by the hash of model and prompt, at the pace of a real engine. The same
 * request gets the same text, always; only a seed together with a temperature above 0 selects another one.
 */
export function createSimulator(options: SimulatorOptions): TextSource {
  const { model, contextLength } = options;
  return {
    model,
    contextLength,
    vocabularySize: VOCABULARY_SIZE,
    isEndToken: (token) => token === END_TOKEN,
    close: () => Promise.resolve(),
    async load(signal) {
      if (options.loadMs > 0) await sleep(options.loadMs, undefined, { signal });
    },
    tokenize: (text, addSpecialTokens) => [
      ...(addSpecialTokens ? [BEGIN_TOKEN] : []),
      ...tokenize(text),
    ],
    detokenize,
    chatTokens: (messages, chat) => [
      ...(chat.addSpecialTokens ? [BEGIN_TOKEN] : []),
      ...tokenize(renderChat(messages, chat)),
    ],
    async *generate(prompt, sampling, signal) {
      const startMs = performance.now() + options.ttftMs;
      let index = 0;
      for (const token of answerTokens(options, prompt, sampling)) {
        await until(startMs + index * options.itlMs, signal);
        index += 1;
        yield token;
      }
    },
  };
}

/** The simulator's chat template: `<s><|role|>\ncontent</s>\n…<|assistant|>\n`. */
function renderChat(messages: readonly SourceMessage[], options: ChatTokensOptions): string {
  const turns = messages.map(({ role, content }, i) => {
    const isOpen = options.continueFinalMessage && i === messages.length - 1;
    return `<|${role}|>\n${content}${isOpen ? '' : '</s>\n'}`;
  });
  return `<s>${turns.join('')}${options.addGenerationPrompt ? '<|assistant|>\n' : ''}`;
}

// An ordinary answer has a target that its last sentence does not pass, and no sentence is longer than the difference.
const LONGEST_SENTENCE = 28;
const SHORTEST_ANSWER = 40;
const LONGEST_ANSWER = 160;

/** The tokens of an answer, its end token, and then further sentences for those who do not want it to end. */
function* answerTokens(
  options: SimulatorOptions,
  prompt: readonly number[],
  sampling: Sampling,
): Generator<number, void> {
  const { model } = options;
  const seed = sampling.temperature > 0 && sampling.seed !== null ? String(sampling.seed) : '';
  const ids = new Uint8Array(Float64Array.from(prompt).buffer);
  const random = createRandom([model, ids, seed]);
  const opening = tokenize(
    `This is a simulated answer of model ${model}. The prompt has ${prompt.length} tokens.`,
  );
  const exact = options.answerTokens;
  const target = Math.max(exact ?? ordinaryTarget(random), sampling.minTokens + 1);
  // Ordinary answers are never shorter than SHORTEST_ANSWER, so up to there `min_tokens` is kept without filling.
  const isExact = exact !== undefined || sampling.minTokens >= SHORTEST_ANSWER;
  yield* answerText(opening, random, { textTokens: target - 1, isExact });
  for (;;) {
    yield END_TOKEN;
    for (let i = 0; i < 4; i += 1) yield* tokenize(nextSentence(random));
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
): Generator<number, void> {
  let left = textTokens;
  let sentence = opening.slice(0, left);
  while (sentence.length > 0 && sentence.length <= left) {
    yield* sentence;
    left -= sentence.length;
    sentence = tokenize(nextSentence(random));
  }
  if (isExact) yield* tokenize(fillSentence(left));
}

/** Goes by the clock, not by the last token, so that the pace holds; gives way to others even when it is late. */
async function until(timeMs: number, signal: AbortSignal): Promise<void> {
  const leftMs = timeMs - performance.now();
  if (leftMs >= 1) await sleep(leftMs, undefined, { signal });
  else await nextTurn(undefined, { signal });
}
