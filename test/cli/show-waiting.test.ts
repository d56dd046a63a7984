import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';

import { showWaiting } from '../../src/cli/output/show-waiting.ts';
import type { Readiness } from '../../src/control/ask-readiness.ts';
import { fakeContext } from './fake-context.ts';

const loading = (detail: string): Readiness => ({ isReady: false, state: 'loading', detail });
const ready: Readiness = { isReady: true, state: 'ready', detail: '' };

function display(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { terminal, notes } = fakeContext();
  return { shown: showWaiting(terminal, ['a', 'b']), notes };
}

describe('waiting, shown in lines', () => {
  it('tells another state at once, and another detail at most every 5 s, the latest one', (t) => {
    const { shown, notes } = display(t);

    shown.onChange('a', { isReady: false, state: 'starting', detail: '' });
    shown.onChange('a', loading('10 %'));
    for (const percent of ['20 %', '30 %', '40 %']) {
      t.mock.timers.tick(1_000);
      shown.onChange('a', loading(percent));
    }
    assert.deepEqual(notes, ['a: starting', 'a: loading (10 %)']);
    t.mock.timers.tick(2_000);
    assert.deepEqual(notes.slice(2), ['a: loading (40 %)']);
    t.mock.timers.tick(1_000);
    shown.onChange('a', loading('50 %'));
    shown.onChange('a', ready);
    t.mock.timers.tick(60_000);
    assert.deepEqual(notes.slice(3), ['a: ready']);
    shown.onChange('a', loading('60 %'));
    t.mock.timers.tick(60_000);
    shown.onChange('a', loading('70 %'));
    assert.deepEqual(notes.slice(4), ['a: loading (60 %)', 'a: loading (70 %)']);
  });

  it('counts for each service by itself', (t) => {
    const { shown, notes } = display(t);

    shown.onChange('a', loading('10 %'));
    shown.onChange('b', loading('10 %'));

    assert.deepEqual(notes, ['a: loading (10 %)', 'b: loading (10 %)']);
  });

  it('tells nothing more once it has ended', async (t) => {
    const { shown, notes } = display(t);
    shown.onChange('a', loading('10 %'));
    shown.onChange('a', loading('20 %'));

    await shown.end();
    t.mock.timers.tick(60_000);

    assert.deepEqual(notes, ['a: loading (10 %)']);
  });
});
