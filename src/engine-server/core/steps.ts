import type { Sampling, Vocabulary } from '../text-source.ts';
import { createStopStrings } from './stop-strings.ts';
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

export type Steps = {
  /** What one more token says. Not called again behind a step with a finish reason. */
  next(token: number): Step;
  /** The last step of an answer that ends without a further token. */
  end(finishReason: FinishReason): Step;
};

export type StepsInput = {
  readonly vocabulary: Pick<Vocabulary, 'detokenize' | 'isEndToken'>;
  readonly prompt: readonly number[];
  readonly params: GenerationParams;
};

/** Turns the tokens of one answer into steps, one for each; the last one has a finish reason. */
export function createSteps({ vocabulary, prompt, params }: StepsInput): Steps {
  const { skipSpecialTokens, includeStop, ignoreEos, maxTokens } = params;
  const { minTokens } = params.sampling;
  const tokenText = createTokenText(vocabulary, { prompt, skipSpecialTokens });
  const stopStrings = createStopStrings(params);
  const stopIds = new Set(params.stopTokenIds);
  let completionTokens = 0;

  return {
    next(token) {
      completionTokens += 1;
      const armed = completionTokens > minTokens;
      const isEnd = armed && !ignoreEos && vocabulary.isEndToken(token);
      const isStop = isEnd || (armed && stopIds.has(token));
      // vLLM leaves the text of a stop token out unless the stop is asked for.
      const piece = isStop && !includeStop ? '' : tokenText(token);
      const { text, matched } = stopStrings.push(piece, armed);
      if (matched !== null) {
        return { text, completionTokens, finishReason: 'stop', stopReason: matched };
      }
      if (isStop || completionTokens >= maxTokens) {
        return {
          text: text + stopStrings.flush(),
          completionTokens,
          finishReason: isStop ? 'stop' : 'length',
          stopReason: isStop && !isEnd ? token : null,
        };
      }
      return { text, completionTokens, finishReason: null, stopReason: null };
    },
    end: (finishReason) => ({
      text: stopStrings.flush(),
      completionTokens,
      finishReason,
      stopReason: null,
    }),
  };
}
