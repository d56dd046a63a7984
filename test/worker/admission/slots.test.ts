import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LlmOpsError } from '../../../src/errors.ts';
import { Slots } from '../../../src/worker/admission/slots.ts';
import type { SlotLimits } from '../../../src/worker/admission/slots.ts';

const never = new AbortController().signal;

function slotsOf(limits: Partial<SlotLimits> = {}): Slots {
  return new Slots('m', limitsOf(limits));
}

function limitsOf(limits: Partial<SlotLimits>): SlotLimits {
  return { concurrency: 1, queueLength: 100, queueTimeoutMs: 60_000, ...limits };
}

describe('slots', () => {
  it('are given in the order of asking, no more than there are', async () => {
    const slots = slotsOf();
    const order: string[] = [];
    const first = await slots.take(never);
    const second = slots.take(never).then((give) => (order.push('second'), give));
    const third = slots.take(never).then((give) => (order.push('third'), give));
    assert.deepEqual([slots.taken, slots.waiting], [1, 2]);

    first();
    (await second)();
    (await third)();

    assert.deepEqual(order, ['second', 'third']);
    assert.deepEqual([slots.taken, slots.waiting], [0, 0]);
  });

  it('leave no timer and no listener with who got one, and none with who left', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const slots = slotsOf();
    const before = timers();
    const [first, waiter, leaver] = [
      await slots.take(never),
      new AbortController(),
      new AbortController(),
    ];
    const waiting = slots.take(waiter.signal);
    const leaving = assert.rejects(slots.take(leaver.signal), /left/);
    assert.equal(timers(), before + 2);

    leaver.abort(new Error('left'));
    await leaving;
    first();
    (await waiting)();

    assert.equal(timers(), before);
    for (const { signal } of [waiter, leaver])
      assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('given back twice count once', async () => {
    const slots = slotsOf({ concurrency: 2 });
    const give = await slots.take(never);
    await slots.take(never);

    give();
    give();

    assert.equal(slots.taken, 1);
  });

  it('are not waited for by who left', async () => {
    const slots = slotsOf();
    const give = await slots.take(never);
    const leaving = new AbortController();
    const waiting = slots.take(leaving.signal);

    leaving.abort(new Error('left'));

    assert.equal(slots.waiting, 0, 'gone at once');
    await assert.rejects(waiting, /left/);
    give();
    assert.equal(slots.taken, 0);
    await assert.rejects(slots.take(leaving.signal), /left/);
  });

  it('grow and shrink while they are in use', async () => {
    const slots = slotsOf();
    await slots.take(never);
    const waiting = slots.take(never);

    slots.setLimits(limitsOf({ concurrency: 2 }));
    const give = await waiting;
    slots.setLimits(limitsOf({ concurrency: 1 }));
    give();

    assert.equal(slots.taken, 1);
  });
});

describe('a queue that is full', () => {
  it('refuses at once, with the numbers and when to come again', async () => {
    const slots = slotsOf({ concurrency: 2, queueLength: 1 });
    await slots.take(never);
    const give = await slots.take(never);
    slots.refuseIfFull();
    const waiting = slots.take(never);

    assert.throws(() => slots.refuseIfFull(), { code: 'overloaded' });
    const refusal = await slots.take(never).catch((error: unknown) => error);

    assert.ok(refusal instanceof LlmOpsError);
    assert.equal(refusal.code, 'overloaded');
    assert.match(refusal.message, /^m: .*\b2 requests.*of 2.*\b1 wait.*of 1/);
    const { retry_after_s: retryAfterS, ...numbers } = refusal.details;
    assert.deepEqual(numbers, { concurrency: 2, queue_length: 1, running: 2, waiting: 1 });
    assert.ok(Number.isInteger(retryAfterS) && Number(retryAfterS) >= 1);
    assert.deepEqual([slots.taken, slots.waiting], [2, 1], 'a refusal leaves no trace');
    give();
    (await waiting)();
    (await slots.take(never))();
  });

  it('of length 0 lets nobody wait', async () => {
    const slots = slotsOf({ queueLength: 0 });
    const give = await slots.take(never);
    await assert.rejects(slots.take(never), { code: 'overloaded' });
    give();
    (await slots.take(never))();
  });

  it('keeps who waits when it is made shorter, and refuses who comes', async () => {
    const slots = slotsOf({ queueLength: 3 });
    const give = await slots.take(never);
    const waiting = [slots.take(never), slots.take(never)];

    slots.setLimits(limitsOf({ queueLength: 1 }));

    await assert.rejects(slots.take(never), { code: 'overloaded' });
    assert.equal(slots.waiting, 2);
    give();
    for (const each of waiting) (await each)();
    assert.deepEqual([slots.taken, slots.waiting], [0, 0]);
  });
});

describe('a wait that is too long', () => {
  it('ends with a refusal that says how long it was, and leaves no trace', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const slots = slotsOf({ queueTimeoutMs: 500 });
    const give = await slots.take(never);
    const late = assert.rejects(slots.take(never), (error: unknown) => {
      assert.ok(error instanceof LlmOpsError);
      assert.equal(error.code, 'queue_timeout');
      assert.match(error.message, /500 ms/);
      return Number(error.details['retry_after_s']) >= 1;
    });
    t.mock.timers.tick(400);
    const inTime = slots.take(never);

    t.mock.timers.tick(100);

    await late;
    assert.equal(slots.waiting, 1);
    give();
    (await inTime)();
    t.mock.timers.tick(10_000);
    assert.deepEqual([slots.taken, slots.waiting], [0, 0]);
  });

  it('is as long as was allowed when it began', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const slots = slotsOf({ queueTimeoutMs: 500 });
    const give = await slots.take(never);
    const waiting = slots.take(never);

    slots.setLimits(limitsOf({ queueTimeoutMs: 1 }));
    t.mock.timers.tick(499);
    await nextTurn();

    assert.equal(slots.waiting, 1);
    give();
    (await waiting)();
  });
});
