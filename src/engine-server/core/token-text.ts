import type { Vocabulary } from '../text-source.ts';

/** A UTF-8 character has at most four bytes, so it lies across four tokens at most. */
const LONGEST_CHARACTER_TOKENS = 4;

/** As many as vLLM looks back: its INITIAL_INCREMENTAL_DETOKENIZATION_OFFSET. */
const PROMPT_TOKENS = 5;

export type TokenTextOptions = {
  readonly prompt: readonly number[];
  readonly skipSpecialTokens: boolean;
};

/**
 * Turns tokens into text one by one; what is no complete character yet comes with the token that completes it.
 *
 * As vLLM's incremental detokenizer it decodes a short window of tokens, because a token's text can depend on the one before it. The
 * window begins anew behind each token that ends with a character, at first with the prompt's last tokens: without them a first word would
 * lose the space before it. An incomplete character shows as U+FFFD at the window's end; one that four tokens do not complete is a broken
 * one of the model's own making, and comes through.
 */
export function createTokenText(
  source: Pick<Vocabulary, 'detokenize'>,
  { prompt, skipSpecialTokens }: TokenTextOptions,
): (token: number) => string {
  let window = prompt.slice(-PROMPT_TOKENS);
  let groupStart = window.length;
  let sent = withoutIncomplete(source.detokenize(window, skipSpecialTokens)).length;
  let tokensWithoutText = 0;

  return (token) => {
    window.push(token);
    const decoded = source.detokenize(window, skipSpecialTokens);
    const complete = withoutIncomplete(decoded);
    const isWhole = complete.length === decoded.length;
    tokensWithoutText = !isWhole && complete.length <= sent ? tokensWithoutText + 1 : 0;
    const isBroken = tokensWithoutText >= LONGEST_CHARACTER_TOKENS;
    const end = isBroken ? decoded.length : complete.length;
    const text = decoded.slice(sent, end);
    sent = Math.max(sent, end);
    if (isWhole || isBroken) {
      window = window.slice(groupStart);
      groupStart = window.length;
      sent = source.detokenize(window, skipSpecialTokens).length;
      tokensWithoutText = 0;
    }
    return text;
  };
}

function withoutIncomplete(text: string): string {
  return text.replace(/\uFFFD+$/u, '');
}
