/** Control tokens, compiled: what to look for, so that one pass over a text finds them all. */
export type ControlTokens = {
  /** The tokens that were named, sorted. Beside them everything of the form `<|name|>` is one. */
  readonly tokens: readonly string[];
  /** Matches the first character of every control token, also of one that begins inside another. Global; use it with `replace` only. */
  readonly firstCharacter: RegExp;
  /** Matches what control tokens begin or end with. A text without it has no token and no part of one at its ends. */
  readonly edge: RegExp;
};

/** Put behind a token's first character, it parts the token; no font shows it. */
export const ZERO_WIDTH_SPACE = '\u200b';

// Bounded, so that a text of nothing but `<|` takes linear time. The second bar is DeepSeek's, U+FF5C.
const ANY_NAME = `[|｜][^\\s<>|｜${ZERO_WIDTH_SPACE}]{1,64}[|｜]>`;
const IS_ANY_NAME = new RegExp(`^<${ANY_NAME}$`, 'u');

/**
 * Compiles a list of tokens; a tokenizer's special tokens may be given as they are. A token of one character, or with a zero width space
 * in it, could not be parted and is left out.
 */
export function compileControlTokens(tokens: Iterable<string>): ControlTokens {
  const named = [...new Set(tokens)]
    .filter((token) => token !== firstOf(token) && !token.includes(ZERO_WIDTH_SPACE))
    .sort();
  const rests = Map.groupBy(
    named.filter((token) => !IS_ANY_NAME.test(token)),
    firstOf,
  );
  const first = new Set([...rests.keys(), '<']);
  const patterns = [...first].map((character) => {
    const literal = (rests.get(character) ?? []).map((t) => escape(t.slice(character.length)));
    const all = character === '<' ? [...literal, ANY_NAME] : literal;
    return `${escape(character)}(?=${all.join('|')})`;
  });
  const edges = new Set([...first, ...named.map(lastOf), '>']);
  return {
    tokens: named,
    firstCharacter: new RegExp(patterns.join('|'), 'gu'),
    edge: new RegExp([...edges].map(escape).join('|'), 'u'),
  };
}

function firstOf(token: string): string {
  const code = token.codePointAt(0);
  return code === undefined ? '' : String.fromCodePoint(code);
}

function lastOf(token: string): string {
  return /[\uD800-\uDBFF][\uDC00-\uDFFF]$/.exec(token)?.[0] ?? token.slice(-1);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
