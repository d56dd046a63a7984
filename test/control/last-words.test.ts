import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { lastWords } from '../../src/control/last-words.ts';
import { fakeRuntime } from './fake-runtime.ts';

describe('lastWords', () => {
  it('are the reason that a log gives, else its last lines that say something', async () => {
    const runtime = fakeRuntime('docker');
    const reason = 'ValueError: the model is too large';
    runtime.lines = [
      { unit: 'b', text: 'one' },
      { unit: 'a', text: reason },
      { unit: 'a', text: 'Traceback (most recent call last):' },
      { unit: 'b', text: 'two' },
      { unit: 'b', text: 'three' },
      { unit: 'b', text: '' },
      ...Array.from({ length: 20 }, (_, at) => ({ unit: 'a', text: `  File "${String(at)}.py"` })),
      { unit: 'a', text: 'RuntimeError: Engine core initialization failed. See root cause above.' },
    ];

    const words = await lastWords(runtime, ['a', 'b', 'c'], 2);

    assert.deepEqual(
      [...words],
      [
        ['a', [reason]],
        ['b', ['two', 'three']],
        ['c', []],
      ],
    );
  });

  it('of nobody are none, and no log is read', async () => {
    const runtime = fakeRuntime('docker');

    assert.equal((await lastWords(runtime, [], 3)).size, 0);
    assert.deepEqual(runtime.calls, []);
  });
});
