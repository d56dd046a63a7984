/** Where two texts part, and what stands there. */
export type TextDifference = {
  /** Characters (UTF-16 code units) before the first difference, which are equal. */
  readonly offset: number;
  /** Of the first difference, from 1. */
  readonly line: number;
  readonly column: number;
  /** The surroundings in each text, as JSON; characters that one cannot see are escaped. */
  readonly expected: string;
  readonly actual: string;
};

const BEFORE = 20;
const AFTER = 40;

/** The first difference of two texts, or null when they are equal. */
export function findDifference(expected: string, actual: string): TextDifference | null {
  if (expected === actual) return null;
  const limit = Math.min(expected.length, actual.length);
  let offset = 0;
  while (offset < limit && expected.charCodeAt(offset) === actual.charCodeAt(offset)) offset += 1;
  const equal = expected.slice(0, offset);
  return {
    offset,
    line: equal.split('\n').length,
    column: offset - equal.lastIndexOf('\n'),
    expected: excerpt(expected, offset),
    actual: excerpt(actual, offset),
  };
}

function excerpt(text: string, offset: number): string {
  const from = Math.max(0, offset - BEFORE);
  const to = Math.min(text.length, offset + AFTER);
  const quoted = escapeUnseen(JSON.stringify(text.slice(from, to)));
  return `${from > 0 ? '…' : ''}${quoted}${to < text.length ? '…' : ''}`;
}

/** JSON escapes lone surrogates and controls itself, but neither a zero width nor a non-breaking space. */
function escapeUnseen(json: string): string {
  return json.replace(/[\p{C}\p{Z}]/gu, (character) =>
    character === ' '
      ? character
      : character
          .split('')
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join(''),
  );
}
