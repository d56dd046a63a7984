import { compileControlTokens, type ControlTokens } from '../control-tokens/compile.ts';
import { findControlTokens } from '../control-tokens/find.ts';
import type { ChatTemplate } from './chat-template.ts';

/** What users may not write: the tokenizer's special tokens, those that the template is rendered with, and what looks like one in it. */
export function chatControlTokens(
  { source, bosToken, eosToken, otherTokens = {} }: ChatTemplate,
  specialTokens: readonly string[],
): ControlTokens {
  const named = [bosToken, eosToken, ...Object.values(otherTokens), ...specialTokens];
  return compileControlTokens([
    ...named.filter((token) => token !== null),
    ...findControlTokens([source]),
  ]);
}
