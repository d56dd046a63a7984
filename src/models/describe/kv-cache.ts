import type { KvCacheNeed } from './model-facts.ts';

/** Long contexts are what a model can do, not what one gives it on a machine of one's own. */
const MOST_CONTEXT_TOKENS = 8192;

/** Engines keep keys and values as f16 or bf16 unless told otherwise. */
const BYTES_PER_ELEMENT = 2;

export type AttentionLayer = {
  readonly kvHeads: number;
  /** Elements of one head's key and of its value. */
  readonly keyLength: number;
  readonly valueLength: number;
};

/**
 * One key and one value for each token, layer and key-value head. For layers with a sliding window it is an upper bound.
 * `contextLength`: the model's own, in tokens; null: not known.
 */
export function kvCacheNeed(
  layers: readonly AttentionLayer[],
  contextLength: number | null,
): KvCacheNeed {
  const elements = layers.reduce(
    (sum, { kvHeads, keyLength, valueLength }) => sum + kvHeads * (keyLength + valueLength),
    0,
  );
  const bytesPerToken = elements * BYTES_PER_ELEMENT;
  const contextTokens = Math.min(contextLength ?? MOST_CONTEXT_TOKENS, MOST_CONTEXT_TOKENS);
  return { bytesPerToken, contextTokens, bytes: bytesPerToken * contextTokens };
}
