import { LlmOpsError } from '../../../errors.ts';
import type { Sampling } from '../../text-source.ts';
import { evaluatePrompt, type PieceSize } from './evaluate-prompt.ts';
import { toEvaluateOptions } from './evaluate-options.ts';
import type { Sequence, TokenBias } from '../native/package-api.ts';
import type { Turnstile } from './turnstile.ts';

export type GenerateInput = {
  readonly slot: Sequence;
  readonly prompt: readonly number[];
  readonly sampling: Sampling;
  readonly signal: AbortSignal;
  readonly pieceSize: PieceSize;
  /** Of all slots. */
  readonly turnstile: Turnstile;
  readonly endTokens: ReadonlySet<number>;
  /** Tokens of one slot. */
  readonly contextLength: number;
  readonly createBias: () => TokenBias;
};

/**
 * The tokens of an answer, end tokens among them, until the caller has enough. Rejects when the signal aborts: between two pieces of the
 * prompt, or between two tokens. A slot whose computation failed is emptied, since nobody knows what it holds. Throws `engine_failed`.
 */
export async function* generateTokens(input: GenerateInput): AsyncGenerator<number, void> {
  const { slot, turnstile, signal } = input;
  const answer: number[] = [];
  try {
    const rest = await evaluatePrompt(input);
    for await (const token of slot.evaluate(rest, toEvaluateOptions({ ...input, answer }))) {
      signal.throwIfAborted();
      answer.push(token);
      yield token;
      await turnstile.pass();
    }
  } catch (error) {
    if (signal.aborted) throw error;
    await turnstile.alone(() => slot.clearHistory()).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new LlmOpsError('engine_failed', `llama.cpp failed: ${reason}`, { cause: error });
  }
}
