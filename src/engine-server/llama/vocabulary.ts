import { LlmOpsError } from '../../errors.ts';
import type { NativeModel } from './native/package-api.ts';

/** The tokenizer of a model, as the engine server wants it. */
export type Vocabulary = {
  readonly size: number;
  /** All of the model's end tokens: of the text, of the turn, and others it may have. */
  readonly endTokens: ReadonlySet<number>;
  /** Special tokens written in the text are recognised. Puts the begin token in front when asked, the model wants one, and none is there. */
  tokenize(text: string, addSpecialTokens: boolean): readonly number[];
  detokenize(tokens: readonly number[], skipSpecialTokens: boolean): string;
};

/** Throws `start_failed` for a model without a tokenizer. Reads no weights: a model of which only the vocabulary is loaded will do. */
export function createVocabulary(model: NativeModel): Vocabulary {
  const size = model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 0;
  if (size === 0) {
    throw new LlmOpsError('start_failed', 'The model has no tokenizer, so it cannot read text.');
  }
  const endTokens = Array.from({ length: size }, (_, token) => token).filter((token) =>
    model.isEogToken(token),
  );
  const { bos, shouldPrependBosToken } = model.tokens;
  return {
    size,
    endTokens: new Set(endTokens),
    tokenize(text, addSpecialTokens) {
      const tokens = model.tokenize(text, true);
      const isWanted = addSpecialTokens && shouldPrependBosToken;
      return isWanted && bos !== null && tokens[0] !== bos ? [bos, ...tokens] : tokens;
    },
    detokenize: (tokens, skipSpecialTokens) => model.detokenize(tokens, !skipSpecialTokens),
  };
}
