import type { ControlTokens } from './compile.ts';

/** How many control tokens are in a text; one that begins inside another counts too. */
export function countControlTokens(text: string, { firstCharacter }: ControlTokens): number {
  return text.match(firstCharacter)?.length ?? 0;
}
