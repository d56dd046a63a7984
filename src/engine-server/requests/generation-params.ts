import type { GenerationParams } from '../core/steps.ts';
import type { Sampling, TextSource } from '../text-source.ts';
import type { CommonBody } from './bodies.ts';
import { checkRanges } from './ranges.ts';
import { refusals } from './refusals.ts';

/** All that a body asks for but its length, which depends on the prompt. */
export type RequestedParams = Omit<GenerationParams, 'maxTokens'>;

/** Checks the ranges with vLLM's wordings. Throws `param_out_of_range`. */
export function toRequestedParams(
  body: CommonBody,
  { vocabularySize }: Pick<TextSource, 'vocabularySize'>,
): RequestedParams {
  const numbers = {
    n: body.n ?? 1,
    presence_penalty: body.presence_penalty ?? 0,
    frequency_penalty: body.frequency_penalty ?? 0,
    repetition_penalty: body.repetition_penalty ?? 1,
    temperature: body.temperature ?? 1,
    top_p: body.top_p ?? 1,
    top_k: body.top_k ?? 0,
    min_p: body.min_p ?? 0,
  };
  checkRanges(numbers);
  const sampling: Sampling = {
    temperature: numbers.temperature,
    topP: numbers.top_p,
    topK: Math.max(0, numbers.top_k),
    minP: numbers.min_p,
    presencePenalty: numbers.presence_penalty,
    frequencyPenalty: numbers.frequency_penalty,
    repetitionPenalty: numbers.repetition_penalty,
    seed: body.seed ?? null,
    minTokens: body.min_tokens ?? 0,
  };
  const stop = typeof body.stop === 'string' ? [body.stop] : (body.stop ?? []);
  if (stop.includes('')) throw refusals.emptyStop();
  const stopTokenIds = body.stop_token_ids ?? [];
  const wrong = stopTokenIds.filter((token) => token < 0 || token >= vocabularySize);
  if (wrong.length > 0) throw refusals.stopTokenIds(wrong, vocabularySize);
  return {
    sampling,
    stop,
    stopTokenIds,
    includeStop: body.include_stop_str_in_output ?? false,
    ignoreEos: body.ignore_eos ?? false,
    skipSpecialTokens: body.skip_special_tokens ?? true,
  };
}
