import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createWheel } from '../../../../bench/harness/engine/wheel.ts';

describe('a wheel', () => {
  it('brings everything in the order of its time, and what is due already as well', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const seen: string[] = [];
    const wheel = createWheel<string>((item) => {
      seen.push(item);
      if (item === 'again') wheel.add('late', performance.now() - 50);
      if (item === 'late') resolve(undefined);
    });
    const now = performance.now();
    wheel.add('last', now + 12);
    wheel.add('first', now + 4);
    wheel.add('over', now - 1_000);
    wheel.add('again', now + 20);
    await promise;
    assert.deepEqual(seen, ['over', 'first', 'last', 'again', 'late']);
  });

  it('turns again after it stood still', async () => {
    let done: (at: number) => void = () => undefined;
    const wheel = createWheel<string>((_, dueMs) => done(dueMs));
    for (let turn = 0; turn < 2; turn += 1) {
      const { promise, resolve } = Promise.withResolvers<number>();
      done = resolve;
      const dueMs = performance.now() + 3;
      wheel.add('item', dueMs);
      assert.equal(await promise, dueMs);
    }
  });
});
