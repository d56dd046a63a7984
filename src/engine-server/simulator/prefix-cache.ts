/** As many tokens vLLM's blocks have. */
const BLOCK_TOKENS = 16;

/** The tokens of one request, prompt and answer. */
type CachedSequence = {
  /** Tokens of the prompt that were there: whole blocks, from its beginning. Never all, since the last one has to be computed. */
  readonly cachedTokens: number;
  /** One more token of the answer. */
  push(token: number): void;
  /** No more comes. What was used last is forgotten last, and of that the beginning. */
  end(): void;
};

export type PrefixCache = { open(prompt: readonly number[]): CachedSequence };

/**
 * vLLM's automatic prefix caching: blocks of tokens, each known by the hash of itself and of all before it, so that equal blocks behind
 * different beginnings are different. The blocks used longest ago are forgotten first. Other than there, blocks in use can be forgotten too.
 */
export function createPrefixCache(capacityTokens: number): PrefixCache {
  const capacity = Math.floor(capacityTokens / BLOCK_TOKENS);
  // In the order of their last use.
  const blocks = new Set<number>();

  const use = (block: number) => {
    blocks.delete(block);
    blocks.add(block);
    const [eldest] = blocks;
    if (eldest !== undefined && blocks.size > capacity) blocks.delete(eldest);
  };
  /** As vLLM frees a request's blocks: the last ones first, since they help the fewest. */
  const useAll = (some: readonly number[]) => some.toReversed().forEach(use);

  return {
    open(prompt) {
      const chain = createChain();
      const own: number[] = [];
      for (const token of prompt) own.push(...chain(token));
      const missing = own.findIndex((block) => !blocks.has(block));
      const found = missing < 0 ? own.length : missing;
      const computable = Math.floor((prompt.length - 1) / BLOCK_TOKENS);
      useAll(own);
      return {
        cachedTokens: Math.min(found, computable) * BLOCK_TOKENS,
        push(token) {
          for (const block of chain(token)) {
            own.push(block);
            use(block);
          }
        },
        end: () => useAll(own),
      };
    },
  };
}

const NO_BLOCK: readonly number[] = [];

/** Takes token by token; gives a hash of 53 bits of all so far when a block is full. Two lanes of 32 bits, mixed as in MurmurHash. */
function createChain(): (token: number) => readonly number[] {
  let high = 0x9747b28c;
  let low = 0x3c6ef372;
  let count = 0;
  return (token) => {
    // Ids have a little more than 32 bits.
    const word = token ^ Math.imul(Math.floor(token / 2 ** 32), 0x9e3779b1);
    high = scramble(Math.imul(high ^ word, 0x85ebca6b));
    low = scramble(Math.imul(low ^ word, 0xc2b2ae35) + high);
    count += 1;
    if (count % BLOCK_TOKENS !== 0) return NO_BLOCK;
    return [(high >>> 0) * 2 ** 21 + (low >>> 11)];
  };
}

function scramble(value: number): number {
  return value ^ (value >>> 15);
}
