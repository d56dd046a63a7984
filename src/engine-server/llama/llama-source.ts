import { LlmOpsError } from '../../errors.ts';
import type { ComputedSource } from '../text-source.ts';
import { generateTokens } from './generation/generate-tokens.ts';
import { type LoadedLlama, loadLlama, type LoadLlamaInput } from './load-llama.ts';

export type LlamaSourceInput = Omit<LoadLlamaInput, 'signal'>;

/**
 * A model of llama.cpp as a source of text. With `sleepIdleMs` its weights and its context are given back when nobody has asked for so
 * long, and loaded again for the next request; the tokenizer stays, so that prompts are counted and refused meanwhile as ever.
 */
export function createLlamaSource(input: LlamaSourceInput): ComputedSource {
  let loaded: LoadedLlama | null = null;

  const ready = (): LoadedLlama => {
    if (loaded === null) throw new LlmOpsError('engine_loading', 'The model is loading.');
    return loaded;
  };

  return {
    model: input.options.alias,
    get contextLength() {
      return ready().contextLength;
    },
    get vocabularySize() {
      return ready().vocabulary.size;
    },
    async load(signal, tell) {
      const tellBoth = (progress: string) => {
        input.tell(progress);
        tell(progress);
      };
      loaded = await loadLlama({ ...input, signal, tell: tellBoth });
    },
    async close() {
      await loaded?.close();
    },
    isEndToken: (token) => ready().vocabulary.endTokens.has(token),
    tokenize: (text, addSpecialTokens) => ready().vocabulary.tokenize(text, addSpecialTokens),
    detokenize: (tokens, skipSpecialTokens) =>
      ready().vocabulary.detokenize(tokens, skipSpecialTokens),
    chatTokens(messages, chat) {
      const { chatTemplate, vocabulary } = ready();
      return vocabulary.tokenize(chatTemplate(messages, chat), chat.addSpecialTokens);
    },
    async *generate(prompt, sampling, signal) {
      const { native, weights, vocabulary, pieceSize, contextLength } = ready();
      const { model, slots, turnstile } = await weights.acquire(signal);
      try {
        const slot = await slots.acquire(prompt, signal);
        try {
          yield* generateTokens({
            slot,
            prompt,
            sampling,
            signal,
            pieceSize,
            turnstile,
            contextLength,
            endTokens: vocabulary.endTokens,
            createBias: () => native.TokenBias.for(model),
          });
        } finally {
          slots.release(slot);
        }
      } finally {
        weights.release();
      }
    },
  };
}
