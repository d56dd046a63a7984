import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { createTurnstile } from '../../../../src/engine-server/llama/generation/turnstile.ts';

describe('the turnstile', () => {
  it('lets everybody pass while nobody is alone', async () => {
    const turnstile = createTurnstile();
    await Promise.all([turnstile.pass(), turnstile.pass()]);
  });

  it('holds all up until the last who is alone has done its act, failed or not', async () => {
    const turnstile = createTurnstile();
    const first = Promise.withResolvers<string>();
    const second = Promise.withResolvers<never>();
    const alone = [turnstile.alone(() => first.promise), turnstile.alone(() => second.promise)];
    const failed = assert.rejects(alone[1]!, /broken/);
    let passed = 0;
    const passing = [1, 2].map(() => turnstile.pass().then(() => (passed += 1)));
    await nextTurn();
    first.resolve('done');
    assert.equal(await alone[0], 'done');
    await nextTurn();
    assert.equal(passed, 0);
    second.reject(new Error('broken'));
    await failed;
    await Promise.all(passing);
    assert.equal(passed, 2);
    await turnstile.pass();
  });
});
