import { ZERO_WIDTH_SPACE, type ControlTokens } from './compile.ts';

/**
 * Puts a zero width space behind the first character of every control token in a text, so that the tokenizer sees ordinary text. A
 * text without control tokens keeps its bytes; doing it twice changes nothing more.
 */
export function neutralise(text: string, { firstCharacter }: ControlTokens): string {
  return text.replace(firstCharacter, `$&${ZERO_WIDTH_SPACE}`);
}
