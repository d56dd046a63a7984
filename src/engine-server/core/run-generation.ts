import { createStopStrings } from '../stop-strings.ts';
import type { Sampling, TextSource } from '../text-source.ts';
import { createTokenText } from './token-text.ts';

/** `max_tokens` and all that ends an answer, apart from how its tokens are chosen. */
export type GenerationParams = {
  readonly sampling: Sampling;
  /** 0: no answer at all (a request that only wants its prompt echoed). */
  readonly maxTokens: number;
  readonly stop: readonly string[];
  readonly stopTokenIds: readonly number[];
  readonly includeStop: boolean;
  readonly ignoreEos: boolean;
  readonly skipSpecialTokens: boolean;
};

export type FinishReason = 'stop' | 'length';

/** One token of an answer. */
export type Step = {
  /** New text; empty while a character or a possible stop string is incomplete. */
  readonly text: string;
  /** Tokens generated up to here, the end token included, as vLLM counts them. */
  readonly completionTokens: number;
  readonly finishReason: FinishReason | null;
  /** The stop string or stop token id that ended the answer; null: its natural end or its length did. */
  readonly stopReason: string | number | null;
};

export type GenerationInput = {
  readonly source: TextSource;
  readonly prompt: readonly number[];
  readonly params: GenerationParams;
  readonly signal: AbortSignal;
};

/** One step per token; the last one has a finish reason. Rejects when the signal aborts. */
export async function* runGeneration(input: GenerationInput): AsyncGenerator<Step, void> {
  const { source, prompt, params, signal } = input;
  const tokenText = createTokenText(source, {
    prompt,
    skipSpecialTokens: params.skipSpecialTokens,
  });
  const stopStrings = createStopStrings(params);
  const stopIds = new Set(params.stopTokenIds);
  let completionTokens = 0;
  if (params.maxTokens === 0) {
    yield { text: '', completionTokens, finishReason: 'length', stopReason: null };
    return;
  }

  for await (const token of source.generate(prompt, params.sampling, signal)) {
    completionTokens += 1;
    const armed = completionTokens > params.sampling.minTokens;
    const isEnd = armed && source.isEndToken(token) && !params.ignoreEos;
    const isStop = isEnd || (armed && stopIds.has(token));
    // vLLM leaves the text of a stop token out unless the stop is asked for.
    const piece = isStop && !params.includeStop ? '' : tokenText(token);
    const { text, matched } = stopStrings.push(piece, armed);
    if (matched !== null) {
      yield { text, completionTokens, finishReason: 'stop', stopReason: matched };
      return;
    }
    if (isStop || completionTokens >= params.maxTokens) {
      yield {
        text: text + stopStrings.flush(),
        completionTokens,
        finishReason: isStop ? 'stop' : 'length',
        stopReason: isStop && !isEnd ? token : null,
      };
      return;
    }
    yield { text, completionTokens, finishReason: null, stopReason: null };
  }
  // A source that ends without its end token has ended its answer all the same.
  yield { text: stopStrings.flush(), completionTokens, finishReason: 'stop', stopReason: null };
}
