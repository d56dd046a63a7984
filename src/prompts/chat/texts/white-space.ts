import { checkCount } from '../values/limits.ts';

/** Python's idea of white space, which is not JavaScript's: it has U+001C to U+001F and U+0085, and not U+FEFF. */
const SPACE =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const IS_SPACE = new RegExp(`[${SPACE}]`);

export function isSpace(character: string): boolean {
  return IS_SPACE.test(character);
}

/** The words of a text with their places: runs of what is no white space. */
export function wordsOf(text: string): readonly RegExpExecArray[] {
  const words: RegExpExecArray[] = [];
  for (const word of text.matchAll(new RegExp(`[^${SPACE}]+`, 'g'))) {
    checkCount(words.push(word));
  }
  return words;
}

export type Side = 'both' | 'left' | 'right';

/** `str.strip`, `lstrip`, `rstrip`. `characters`: those to take away, or null for white space. */
export function strip(text: string, side: Side, characters: string | null = null): string {
  const set = characters === null ? null : new Set(characters);
  const isTaken = (at: number): boolean => {
    const character = wholeAt(text, at);
    return set === null ? isSpace(character) : set.has(character);
  };
  let start = 0;
  let end = text.length;
  if (side !== 'right') while (start < end && isTaken(start)) start += wholeAt(text, start).length;
  if (side !== 'left') while (end > start && isTaken(startOf(text, end))) end = startOf(text, end);
  return text.slice(start, end);
}

function wholeAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

/** Where the character that ends before `end` starts. */
function startOf(text: string, end: number): number {
  const isPair = end > 1 && (text.codePointAt(end - 2) ?? 0) > 0xffff;
  return end - (isPair ? 2 : 1);
}
