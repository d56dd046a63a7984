import type { Token } from './syntax.ts';

const TAKE_ONE: ReadonlySet<string> = new Set([
  ...['divisibleby', 'sameas', 'in', 'eq', 'equalto', 'ne', 'lt', 'lessthan', 'le', 'gt'],
  ...['greaterthan', 'ge'],
]);

/** How a filter is called that stands for a test: a name that no template can write. */
export const TEST_PREFIX = 'is ';
export const NEGATED = 'not ';

/**
 * The library's parser knows no tests with an argument (`x is divisibleby(2)`, `x is in names`). In Jinja they bind as filters do, so they are
 * written as filters: `x|"is divisibleby"(2)`.
 */
export function writeTestsAsFilters(tokens: readonly Token[]): readonly Token[] {
  const written: Token[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    const isNegated = isName(tokens[at + 1], 'not');
    const name = tokens[at + (isNegated ? 2 : 1)];
    if (!isName(token, 'is') || name?.type !== 'Identifier' || !TAKE_ONE.has(name.value)) {
      written.push(token);
      continue;
    }
    at += isNegated ? 2 : 1;
    written.push(
      { type: 'Pipe', value: '|' },
      { type: 'Identifier', value: TEST_PREFIX + (isNegated ? NEGATED : '') + name.value },
    );
    if (tokens[at + 1]?.type === 'OpenParen') continue;
    const end = endOfArgument(tokens, at + 1);
    written.push(
      { type: 'OpenParen', value: '(' },
      ...writeTestsAsFilters(tokens.slice(at + 1, end)),
    );
    written.push({ type: 'CloseParen', value: ')' });
    at = end - 1;
  }
  return written;
}

/** An argument without parentheses: a literal, a list, or a name with what hangs on it. */
function endOfArgument(tokens: readonly Token[], start: number): number {
  let at = start;
  let depth = 0;
  for (; at < tokens.length; at += 1) {
    const type = tokens[at]?.type ?? '';
    if (/^Open(Paren|SquareBracket|CurlyBracket)$/.test(type)) depth += 1;
    if (/^Close(Paren|SquareBracket|CurlyBracket)$/.test(type)) depth -= 1;
    if (depth > 0) continue;
    if (depth < 0) return at;
    const next = tokens[at + 1]?.type ?? '';
    if (type !== 'Dot' && !/^(Dot|OpenSquareBracket|OpenParen)$/.test(next)) return at + 1;
  }
  return at;
}

function isName(token: Token | undefined, value: string): boolean {
  return token?.type === 'Identifier' && token.value === value;
}
