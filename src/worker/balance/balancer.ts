/**
 * Which of a version's engines a request goes to: the least busy, unless one has the beginning of the prompt in its cache.
 *
 * Engines keep what they computed of earlier prompts, so a request is served sooner, and for less, where one with the same beginning went
 * before. We do not see their caches; that we remember where beginnings went is nearly as good, and needs nothing of the engine. The engine
 * with the longest known beginning is taken, unless it is overloaded. Then the least busy one is, and from then on the beginning is its:
 * what is asked for too much in one place moves, so a prompt that everybody shares goes around and is soon in all caches.
 *
 * Overloaded: with this request it would have more than 1.25 of the average, and one more for each known block, at most 4. Relative,
 * because at a hundred streams each, twenty more slow down nobody much, and the engines stay within a quarter of each other. The few beside
 * that, because at low load chance alone makes such differences, and a batch that is 4 larger costs less than computing some thousand tokens
 * again; no more than 4, because an engine with few places (llama.cpp) lets them wait; and for one block (64 tokens) only one.
 */
import { prefixBlocks } from './prefix-blocks.ts';
import type { Beginning } from './prefix-blocks.ts';
import { PrefixMemory } from './prefix-memory.ts';

/** 32,768 blocks are some two million tokens: more than the caches of a few engines. They take about 2 MB. */
const MOST_REMEMBERED = 32_768;

const FAIR_SHARE = 1.25;
const MOST_BESIDE = 4;

/** `inFlight`: requests that are there now. */
export type Candidate = { readonly inFlight: number };

export class Balancer<T extends Candidate> {
  readonly #memory = new PrefixMemory<T>(MOST_REMEMBERED);
  #turn = 0;

  /** Null only when there are no candidates. `prompt` null: the request is none for text. */
  choose(candidates: readonly T[], prompt: Beginning | null): T | null {
    const blocks = prompt === null ? [] : prefixBlocks(prompt);
    const known = this.#memory.find(blocks, (owner) => candidates.includes(owner));
    const chosen =
      known === null || isOverloaded(known, candidates) ? this.#leastBusy(candidates) : known.owner;
    if (chosen !== null) this.#memory.remember(blocks, chosen);
    return chosen;
  }

  /** Those that are equally busy take turns. */
  #leastBusy(candidates: readonly T[]): T | null {
    this.#turn += 1;
    let best: T | null = null;
    for (let i = 0; i < candidates.length; i += 1) {
      const candidate = candidates[(i + this.#turn) % candidates.length];
      if (candidate !== undefined && (best === null || candidate.inFlight < best.inFlight))
        best = candidate;
    }
    return best;
  }
}

/** The bound that the design note explains. */
function isOverloaded(
  known: { readonly owner: Candidate; readonly blocks: number },
  candidates: readonly Candidate[],
): boolean {
  const total = candidates.reduce((sum, { inFlight }) => sum + inFlight, 1);
  const bound = FAIR_SHARE * (total / candidates.length) + Math.min(MOST_BESIDE, known.blocks);
  return known.owner.inFlight + 1 > bound;
}
