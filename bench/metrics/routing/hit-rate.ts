/** How much of what prompts had in common was found in the engines' prefix caches. */

/** In tokens, since the engine's start, as `/sim/stats` tells them. */
export type CacheCounts = { readonly queries: number; readonly hits: number };

/** Of several engines together, between two looks; NaN when nothing was asked. */
export function hitRate(before: readonly CacheCounts[], after: readonly CacheCounts[]): number {
  const sum = (counts: readonly CacheCounts[], of: keyof CacheCounts): number =>
    counts.reduce((total, count) => total + count[of], 0);
  return (
    (sum(after, 'hits') - sum(before, 'hits')) / (sum(after, 'queries') - sum(before, 'queries'))
  );
}

export type Oracle = {
  readonly tenants: number;
  /** Requests of each tenant. */
  readonly each: number;
  /** Of a tenant's beginning. */
  readonly sharedTokens: number;
  /** Of a whole prompt. */
  readonly promptTokens: number;
};

/** As the simulator and vLLM keep them. */
const BLOCK_TOKENS = 16;

/** What nobody can exceed: every request but each tenant's first finds all whole blocks of its beginning, wherever it goes. */
export function oracleHitRate({ tenants, each, sharedTokens, promptTokens }: Oracle): number {
  const found = Math.floor(sharedTokens / BLOCK_TOKENS) * BLOCK_TOKENS;
  const requests = tenants * each;
  return ((requests - tenants) * found) / (requests * promptTokens);
}
