import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { Admission } from '../../../src/engine-server/core/admission.ts';

describe('admission', () => {
  it('lets the waiting ones in by their arrival, one for each that leaves', async () => {
    const admission = new Admission(1);
    const { signal } = new AbortController();
    const order: number[] = [];
    await admission.acquire(signal);
    const waiting = [1, 2].map((n) => admission.acquire(signal).then(() => order.push(n)));
    await nextTurn();
    assert.deepEqual(order, []);
    admission.release();
    await waiting[0];
    assert.deepEqual(order, [1]);
    admission.release();
    await waiting[1];
    assert.deepEqual(order, [1, 2]);
  });

  it('forgets one that left while it waited', async () => {
    const admission = new Admission(1);
    const leaving = new AbortController();
    const staying = new AbortController();
    await admission.acquire(staying.signal);
    const left = admission.acquire(leaving.signal);
    const stayed = admission.acquire(staying.signal);
    leaving.abort();
    await assert.rejects(left, { name: 'AbortError' });
    admission.release();
    await stayed;
  });

  it('is full when all places are taken, and as many wait as may', async () => {
    const admission = new Admission(1, 1);
    const leaving = new AbortController();
    assert.equal(admission.isFull, false);
    await admission.acquire(leaving.signal);
    assert.equal(admission.isFull, false);
    const waiting = admission.acquire(leaving.signal);
    assert.deepEqual([admission.isFull, admission.waiting], [true, 1]);
    leaving.abort();
    await assert.rejects(waiting);
    assert.deepEqual([admission.isFull, admission.waiting], [false, 0]);
    assert.equal(new Admission(0, 0).isFull, true);
    assert.equal(new Admission(0).isFull, false);
  });

  it('takes nobody in whose signal has aborted', async () => {
    const admission = new Admission(1);
    await assert.rejects(admission.acquire(AbortSignal.abort()), { name: 'AbortError' });
    await admission.acquire(new AbortController().signal);
  });
});
