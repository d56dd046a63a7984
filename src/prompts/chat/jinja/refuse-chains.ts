import { fail } from '../values/failure.ts';
import type { Token } from './syntax.ts';

const ENDS_A_CHAIN: ReadonlySet<string> = new Set(['and', 'or', 'if', 'else', 'elif']);

/**
 * Throws for `a < b < c`: in Python that is `a < b and b < c`, and the library's parser would read `(a < b) < c`, which its tree does not
 * tell from one with parentheses.
 */
export function refuseChains(tokens: readonly Token[]): void {
  const counts = [0];
  let isLoopHead = false;
  tokens.forEach((token, at) => {
    const [before, next] = [tokens[at - 1], tokens[at + 1]];
    const depth = counts.length - 1;
    if (token.type.startsWith('Open')) counts.push(0);
    else if (token.type.startsWith('Close')) counts.pop();
    else if (token.type === 'Comma' || token.type === 'Colon' || token.type === 'Equals') {
      counts[depth] = 0;
    } else if (token.type === 'ComparisonBinaryOperator') add(depth, token);
    else if (token.type === 'Identifier' && before?.type !== 'Dot') {
      if (before?.type === 'OpenStatement') isLoopHead = token.value === 'for';
      if (ENDS_A_CHAIN.has(token.value)) counts[depth] = 0;
      if (token.value === 'not' && next?.value !== 'in') counts[depth] = 0;
      if (token.value === 'in' && !isLoopHead) add(depth, token);
      if (token.value === 'in') isLoopHead = false;
    }
  });

  function add(depth: number, token: Token): void {
    counts[depth] = (counts[depth] ?? 0) + 1;
    if (counts[depth] > 1) {
      fail(`a chain of comparisons is not supported (at '${token.value}'): write it with 'and'`);
    }
  }
}
