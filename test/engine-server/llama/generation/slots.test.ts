import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { createSlots } from '../../../../src/engine-server/llama/generation/slots.ts';
import { fakeSlot } from './fake-slot.ts';

const { signal } = new AbortController();
const LONG = Array.from({ length: 50 }, (_, at) => at);

describe('slots', () => {
  it('are chosen by what they hold of the prompt', async () => {
    const [empty, half, other] = [fakeSlot(), fakeSlot(LONG.slice(0, 25)), fakeSlot([9, 9])];
    const slots = createSlots([empty, half, other]);
    assert.equal(await slots.acquire(LONG, signal), half);
    assert.equal(await slots.acquire([9, 9, 1], signal), other);
    assert.equal(await slots.acquire([5], signal), empty);
  });

  it('keep their state for others when the prompt shares next to nothing with them', async () => {
    const [idle, talking] = [fakeSlot(), fakeSlot([0, 7, 7, 7])];
    const slots = createSlots([idle, talking]);
    assert.equal(await slots.acquire(LONG, signal), idle);
  });

  it('are otherwise taken by how long they have been free', async () => {
    const [a, b] = [fakeSlot(), fakeSlot()];
    const slots = createSlots([a, b]);
    assert.equal(await slots.acquire([1], signal), a);
    assert.equal(await slots.acquire([1], signal), b);
    slots.release(b);
    slots.release(a);
    assert.equal(await slots.acquire([1], signal), b);
  });

  it('are waited for in the order of asking, and not by who left', async () => {
    const only = fakeSlot();
    const slots = createSlots([only]);
    await slots.acquire([1], signal);
    const leaving = new AbortController();
    const left = slots.acquire([1], leaving.signal);
    const order: number[] = [];
    const waiting = [1, 2].map((n) => slots.acquire([1], signal).then(() => order.push(n)));
    leaving.abort();
    await assert.rejects(left, { name: 'AbortError' });
    slots.release(only);
    await waiting[0];
    await nextTurn();
    assert.deepEqual(order, [1]);
    slots.release(only);
    await waiting[1];
    assert.deepEqual(order, [1, 2]);
  });

  it('are not lost to one that leaves just as its turn comes', async () => {
    const only = fakeSlot();
    const slots = createSlots([only]);
    await slots.acquire([1], signal);
    const leaving = new AbortController();
    const left = slots.acquire([1], leaving.signal);
    slots.release(only);
    leaving.abort();
    await assert.rejects(left, { name: 'AbortError' });
    assert.equal(await slots.acquire([1], signal), only);
  });
});
