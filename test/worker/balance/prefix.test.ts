import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Prompt } from '../../../src/engines/engine.ts';
import { prefixBlocks } from '../../../src/worker/balance/prefix-blocks.ts';
import { PrefixMemory } from '../../../src/worker/balance/prefix-memory.ts';

function text(content: string): Prompt {
  return { kind: 'text', text: content, hasSpecialTokens: true };
}

describe('the blocks of a prompt', () => {
  it('are equal as far as the texts are, and nowhere after that', () => {
    const one = prefixBlocks(text('a'.repeat(1_000) + 'b'.repeat(1_000)));
    const other = prefixBlocks(text('a'.repeat(1_000) + 'c' + 'b'.repeat(999)));
    assert.equal(one.length, 7);
    assert.deepEqual(one.slice(0, 3), other.slice(0, 3));
    assert.deepEqual(
      one.slice(3).filter((block) => other.includes(block)),
      [],
    );
  });

  it('are the same for a longer prompt that begins alike', () => {
    const short = prefixBlocks(text('x'.repeat(600)));
    assert.deepEqual(prefixBlocks(text('x'.repeat(600) + 'y'.repeat(600))).slice(0, 2), short);
  });

  it('are none for a short prompt, and a bounded number for a long one', () => {
    assert.equal(prefixBlocks(text('x'.repeat(255))).length, 0);
    assert.equal(prefixBlocks(text('x'.repeat(1_000_000))).length, 64);
  });

  it('of a conversation that the engine renders go over its messages', () => {
    const system = { role: 'system', content: 's'.repeat(300) } as const;
    const ask = (content: string): Prompt => ({
      kind: 'chat',
      messages: [system, { role: 'user', content }],
    });
    const one = prefixBlocks(ask('u'.repeat(300)));
    const other = prefixBlocks(ask('v'.repeat(300)));
    assert.equal(one[0], other[0]);
    assert.notEqual(one[1], other[1]);
  });
});

describe('the memory of where prompts went', () => {
  const all = (): boolean => true;

  it('tells who had the longest beginning', () => {
    const memory = new PrefixMemory<string>(100);
    memory.remember([1, 2], 'a');
    memory.remember([1, 2, 3], 'b');
    memory.remember([1], 'c');
    assert.deepEqual(memory.find([1, 2, 3, 4], all), { owner: 'b', blocks: 3 });
    assert.deepEqual(memory.find([1, 9], all), { owner: 'c', blocks: 1 });
    assert.equal(memory.find([9], all), null);
    assert.equal(memory.find([], all), null);
  });

  it('passes over who does not count', () => {
    const memory = new PrefixMemory<string>(100);
    memory.remember([1, 2], 'a');
    memory.remember([1], 'b');
    assert.deepEqual(
      memory.find([1, 2], (owner) => owner !== 'a'),
      { owner: 'b', blocks: 1 },
    );
  });

  it('forgets the oldest, never what is used, and stays within its size', () => {
    const memory = new PrefixMemory<string>(100);
    memory.remember([-1], 'used');
    memory.remember([-2], 'unused');
    for (let i = 0; i < 10_000; i += 1) {
      memory.remember([i], 'new');
      if (i % 20 === 0) memory.remember([-1], 'used');
      assert.ok(memory.size <= 100, `${memory.size}`);
    }
    assert.equal(memory.find([-1], all)?.owner, 'used');
    assert.equal(memory.find([-2], all), null);
    for (let i = 9_960; i < 10_000; i += 1) assert.equal(memory.find([i], all)?.owner, 'new');
  });
});
