import type { Sequence } from '../native/package-api.ts';
import type { Turnstile } from './turnstile.ts';

/** How long one piece of a prompt should take: nobody can interrupt it, so for so long a client's departure goes unnoticed. */
const PIECE_MS = 120;
const FIRST_PIECE_TOKENS = 32;
const LEAST_PIECE_TOKENS = 4;

/** How many tokens of a prompt are computed in one go, learned from how long the pieces before took. */
export type PieceSize = {
  readonly tokens: number;
  learn(tookMs: number): void;
};

/** `maxTokens`: the library's batch. */
export function createPieceSize(maxTokens: number): PieceSize {
  let tokens = Math.min(maxTokens, FIRST_PIECE_TOKENS);
  return {
    get tokens() {
      return tokens;
    },
    learn(tookMs) {
      // At most twice as many: one quick piece says little.
      const fitting = Math.min(2 * tokens, Math.round((tokens * PIECE_MS) / Math.max(1, tookMs)));
      tokens = Math.min(maxTokens, Math.max(LEAST_PIECE_TOKENS, fitting));
    },
  };
}

export type PromptInput = {
  readonly slot: Sequence;
  readonly prompt: readonly number[];
  readonly pieceSize: PieceSize;
  readonly turnstile: Turnstile;
  readonly signal: AbortSignal;
};

/**
 * Computes a prompt up to its last piece, which it returns, never empty: the first token of the answer comes out of that. What the slot's
 * state and the prompt begin with in common is not computed again. Rejects when the signal aborts.
 */
export async function evaluatePrompt(input: PromptInput): Promise<readonly number[]> {
  const { slot, prompt, pieceSize, turnstile, signal } = input;
  const wanted = prompt.slice(0, -1);
  if (slot.compareContextTokens(wanted).firstDifferentIndex < slot.nextTokenIndex) {
    await turnstile.alone(() => slot.adaptStateToTokens(wanted, false));
  }
  for (;;) {
    await turnstile.pass();
    signal.throwIfAborted();
    const rest = prompt.slice(slot.nextTokenIndex);
    const { tokens } = pieceSize;
    if (rest.length <= tokens) return rest;
    const startMs = performance.now();
    await slot.evaluateWithoutGeneratingNewTokens(rest.slice(0, tokens));
    pieceSize.learn(performance.now() - startMs);
  }
}
