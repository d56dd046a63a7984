import { bounded } from '../values/limits.ts';

/** So that V8 never lists more than this many places of a text at once. */
const PIECE = 64 * 1024;

/** A text, changed piece by piece: done at once, it may need many times its own memory. No pair of surrogates is taken apart. */
export function inPieces(text: string, change: (piece: string) => string): string {
  let result = '';
  for (let at = 0; at < text.length;) {
    const isPair = (text.codePointAt(at + PIECE - 1) ?? 0) > 0xffff;
    const end = at + PIECE + (isPair ? 1 : 0);
    result = bounded(result + change(text.slice(at, end)));
    at = end;
  }
  return result;
}

/** `replaceAll` for a pattern of single characters. */
export function replaceCharacters(
  text: string,
  pattern: RegExp,
  replacement: (character: string) => string,
): string {
  return inPieces(text, (piece) => piece.replaceAll(pattern, replacement));
}
