/** Texts as Python counts them: by code points, not by UTF-16 units. */
import { checkCount } from '../values/limits.ts';

const BEYOND_16_BITS = /[\ud800-\udfff]/;

function isPlain(text: string): boolean {
  return !BEYOND_16_BITS.test(text);
}

/** The characters of a text: its code points, as `for` sees them. */
export function toCharacters(text: string): readonly string[] {
  checkCount(text.length);
  return Array.from(text);
}

export function lengthOf(text: string): number {
  return isPlain(text) ? text.length : countUntil(text, text.length);
}

/** The character at an index, from the end when negative; null when there is none. */
export function characterAt(text: string, index: number): string | null {
  if (isPlain(text)) return text.at(index) ?? null;
  const wanted = index < 0 ? index + lengthOf(text) : index;
  if (wanted < 0) return null;
  const code = text.codePointAt(toUnits(text, wanted));
  return code === undefined ? null : String.fromCodePoint(code);
}

/** An index in UTF-16 units (-1: none) → one in code points. */
export function toCodePointIndex(text: string, units: number): number {
  return units < 0 || isPlain(text) ? units : countUntil(text, units);
}

/** From one index until before another, both in code points and within the text. */
export function sliceText(
  text: string,
  [start, end]: readonly [number, number],
  step: number,
): string {
  if (step === 1) {
    return isPlain(text)
      ? text.slice(start, end)
      : text.slice(toUnits(text, start), toUnits(text, end));
  }
  const characters = toCharacters(text);
  return stepThrough(start, end, step)
    .map((at) => characters[at] ?? '')
    .join('');
}

/** The indices from `start` until before `end`. */
export function stepThrough(start: number, end: number, step: number): readonly number[] {
  const count = Math.max(0, Math.ceil((end - start) / step));
  return Array.from({ length: count }, (_, at) => start + at * step);
}

/** Python's order of texts: by code points. */
export function compareText(left: string, right: string): number {
  if (isPlain(left) && isPlain(right)) return left < right ? -1 : Number(left > right);
  const shorter = Math.min(left.length, right.length);
  for (let at = 0; at < shorter; at += 1) {
    if (left.charCodeAt(at) !== right.charCodeAt(at)) {
      return (left.codePointAt(at) ?? 0) - (right.codePointAt(at) ?? 0);
    }
  }
  return left.length - right.length;
}

function unitsAt(text: string, at: number): 1 | 2 {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function countUntil(text: string, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at += unitsAt(text, at)) count += 1;
  return count;
}

function toUnits(text: string, index: number): number {
  let at = 0;
  for (let count = 0; count < index && at < text.length; count += 1) at += unitsAt(text, at);
  return at;
}
