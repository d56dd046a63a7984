import { createSteps, type FinishReason, type GenerationParams } from '../core/steps.ts';
import type { SourceMessage } from '../text-source.ts';
import { createAnswerTokens } from './answer-tokens.ts';
import { SIMULATOR_VOCABULARY } from './vocabulary.ts';

export type WholeAnswerInput = {
  /** The name that is served. */
  readonly model: string;
  /** A text, token ids, or a conversation. */
  readonly prompt: string | readonly number[] | readonly SourceMessage[];
  /** As `--answer-tokens`. */
  readonly answerTokens?: number;
  /** As the request says. Without it: an answer of its natural length, nothing that stops it, greedy. */
  readonly params?: Partial<Omit<GenerationParams, 'sampling'>> & {
    readonly temperature?: number;
    readonly seed?: number;
    readonly minTokens?: number;
  };
};

export type WholeAnswer = {
  readonly text: string;
  readonly promptTokens: number;
  /** The end token included. */
  readonly completionTokens: number;
  readonly finishReason: FinishReason;
};

/**
 * What the simulator answers, without HTTP and without waiting: for tests that compare what arrived with what was sent. `maxTokens` has to
 * be what the server makes of it: 16 for a completion that says nothing, and never more than the context leaves.
 */
export function wholeAnswer(input: WholeAnswerInput): WholeAnswer {
  const { model, answerTokens } = input;
  const prompt = toTokens(input.prompt);
  const params = toParams(input.params ?? {});
  const { sampling } = params;
  const steps = createSteps({ vocabulary: SIMULATOR_VOCABULARY, prompt, params });
  const nextToken = createAnswerTokens({ model, prompt, sampling, answerTokens });
  const texts: string[] = [];
  let step = params.maxTokens === 0 ? steps.end('length') : steps.next(nextToken());
  while (step.finishReason === null) {
    texts.push(step.text);
    step = steps.next(nextToken());
  }
  texts.push(step.text);
  const { completionTokens, finishReason } = step;
  return { text: texts.join(''), promptTokens: prompt.length, completionTokens, finishReason };
}

function toTokens(prompt: WholeAnswerInput['prompt']): readonly number[] {
  if (typeof prompt === 'string') return SIMULATOR_VOCABULARY.tokenize(prompt, true);
  if (isTokenIds(prompt)) return prompt;
  return SIMULATOR_VOCABULARY.chatTokens(prompt, {
    addGenerationPrompt: true,
    continueFinalMessage: false,
    addSpecialTokens: false,
  });
}

function isTokenIds(
  prompt: readonly number[] | readonly SourceMessage[],
): prompt is readonly number[] {
  return typeof prompt[0] === 'number';
}

function toParams({
  temperature = 0,
  seed,
  minTokens = 0,
  ...given
}: NonNullable<WholeAnswerInput['params']>): GenerationParams {
  return {
    maxTokens: Infinity,
    stop: [],
    stopTokenIds: [],
    includeStop: false,
    ignoreEos: false,
    skipSpecialTokens: true,
    ...given,
    sampling: {
      temperature,
      seed: seed ?? null,
      minTokens,
      // Simulated text does not depend on these.
      topP: 1,
      topK: 0,
      minP: 0,
      presencePenalty: 0,
      frequencyPenalty: 0,
      repetitionPenalty: 1,
    },
  };
}
