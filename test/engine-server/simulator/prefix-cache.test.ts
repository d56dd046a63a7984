import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createPrefixCache } from '../../../src/engine-server/simulator/prefix-cache.ts';

/** So many blocks of 16 tokens, each of its own kind. */
const blocks = (...kinds: number[]) => kinds.flatMap((kind) => Array<number>(16).fill(kind));

/** Asks, answers nothing, and tells how many tokens were there. */
function ask(cache: ReturnType<typeof createPrefixCache>, prompt: readonly number[]): number {
  const sequence = cache.open(prompt);
  sequence.end();
  return sequence.cachedTokens;
}

describe('the prefix cache', () => {
  it('knows whole blocks from the beginning on', () => {
    const cache = createPrefixCache(1600);
    assert.equal(ask(cache, blocks(1, 2, 3)), 0);
    assert.equal(ask(cache, [...blocks(1, 2), ...Array<number>(15).fill(3)]), 32);
    assert.equal(ask(cache, blocks(1, 2, 9)), 32);
    assert.equal(ask(cache, [...blocks(1), 5]), 16);
    assert.equal(ask(cache, blocks(1).slice(1)), 0);
  });

  it('knows a block only behind the same beginning', () => {
    const cache = createPrefixCache(1600);
    ask(cache, blocks(1, 2));
    assert.equal(ask(cache, [...blocks(2, 1), 0]), 0);
    assert.equal(ask(cache, [...blocks(7, 2), 0]), 0);
  });

  it('always leaves the last token to be computed, as vLLM does', () => {
    const cache = createPrefixCache(1600);
    ask(cache, blocks(1, 2));
    assert.equal(ask(cache, blocks(1, 2)), 16);
    assert.equal(ask(cache, [...blocks(1, 2), 3]), 32);
  });

  it('knows the answer too when the conversation goes on', () => {
    const cache = createPrefixCache(1600);
    const sequence = cache.open([...blocks(1), 2, 2, 2, 2]);
    for (let i = 0; i < 12; i += 1) sequence.push(2);
    sequence.end();
    assert.equal(ask(cache, blocks(1, 2, 3)), 32);
  });

  it('forgets what was used longest ago, and of that the end first', () => {
    const cache = createPrefixCache(4 * 16);
    ask(cache, [...blocks(1, 2), 0]);
    ask(cache, [...blocks(3, 4), 0]);
    ask(cache, [...blocks(5), 0]);
    // One block had to go: the second of the eldest.
    assert.equal(ask(cache, [...blocks(1), 0]), 16);
    ask(cache, [...blocks(6), 0]);
    assert.equal(ask(cache, [...blocks(3), 0]), 16);
    assert.equal(ask(cache, [...blocks(1), 0]), 16);
  });

  it('remembers nothing without room', () => {
    const cache = createPrefixCache(15);
    ask(cache, blocks(1, 2));
    assert.equal(ask(cache, blocks(1, 2)), 0);
  });

  it('tells tokens apart that differ only beyond 32 bits', () => {
    const cache = createPrefixCache(1600);
    ask(cache, blocks(1000, 0));
    assert.equal(ask(cache, blocks(1000 + 2 ** 32, 0)), 0);
  });
});
