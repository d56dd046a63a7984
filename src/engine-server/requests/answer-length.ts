import { refusals } from './refusals.ts';

export type LengthRequest = {
  readonly promptTokens: number;
  /** Whether the prompt came as text, not as token ids. */
  readonly isText: boolean;
  /** null: as many as there is room for. */
  readonly maxTokens: number | null;
  readonly minTokens: number;
  readonly contextLength: number;
  /** Whether nothing but the prompt may be wanted, and so 0 is a number of tokens. */
  readonly isEcho: boolean;
};

/**
 * How many tokens the answer may have: what was asked for, cut to the room that the prompt leaves. Throws `context_overflow` when there is
 * no context for such a prompt or for so long an answer, `param_out_of_range` when less than one token is left, or less than the least.
 */
export function toAnswerLength(request: LengthRequest): number {
  const { promptTokens, isText, maxTokens, minTokens, contextLength, isEcho } = request;
  if (maxTokens !== null && maxTokens > contextLength) {
    throw refusals.maxTokensBeyondContext(maxTokens, contextLength);
  }
  const room = contextLength - promptTokens;
  if (room < 0) throw refusals.promptBeyondContext(promptTokens, contextLength, isText);
  const length = Math.min(maxTokens ?? room, room);
  const least = isEcho ? 0 : 1;
  if (length < least) throw refusals.namedRange('max_tokens', `at least ${least}`, length);
  if (minTokens < 0) {
    throw refusals.range('min_tokens', 'greater than or equal to 0', minTokens);
  }
  if (minTokens > length) {
    throw refusals.range('min_tokens', `less than or equal to max_tokens=${length}`, minTokens);
  }
  return length;
}
