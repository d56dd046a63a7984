import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Slots } from '../../../src/worker/admission/slots.ts';

const never = new AbortController().signal;

describe('slots', () => {
  it('are given in the order of asking, no more than there are', async () => {
    const slots = new Slots(1);
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

  it('given back twice count once', async () => {
    const slots = new Slots(2);
    const give = await slots.take(never);
    await slots.take(never);

    give();
    give();

    assert.equal(slots.taken, 1);
  });

  it('are not waited for by who left', async () => {
    const slots = new Slots(1);
    const give = await slots.take(never);
    const leaving = new AbortController();
    const waiting = slots.take(leaving.signal);

    leaving.abort(new Error('left'));

    await assert.rejects(waiting, /left/);
    assert.equal(slots.waiting, 0);
    give();
    assert.equal(slots.taken, 0);
    await assert.rejects(slots.take(leaving.signal), /left/);
  });

  it('grow and shrink while they are in use', async () => {
    const slots = new Slots(1);
    await slots.take(never);
    const waiting = slots.take(never);

    slots.setLimit(2);
    const give = await waiting;
    slots.setLimit(1);
    give();

    assert.equal(slots.taken, 1);
  });

  it('are never lost nor given twice, whatever happens in whatever order', async () => {
    const step = fc.record({
      act: fc.constantFrom('take', 'give', 'leave', 'limit'),
      which: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const slots = new Slots(3);
        const held: (() => void)[] = [];
        const asking: AbortController[] = [];
        for (const { act, which } of steps) {
          if (act === 'take') {
            const controller = new AbortController();
            asking.push(controller);
            slots.take(controller.signal).then(
              (give) => held.push(give),
              () => undefined,
            );
          }
          if (act === 'give') held[which % (held.length || 1)]?.();
          if (act === 'leave') asking[which % (asking.length || 1)]?.abort(new Error('left'));
          if (act === 'limit') slots.setLimit(1 + (which % 5));
          await new Promise(setImmediate);
        }
        while (slots.taken > 0) {
          for (const give of held) give();
          await new Promise(setImmediate);
        }
        assert.deepEqual([slots.taken, slots.waiting], [0, 0]);
      }),
      { numRuns: 50 },
    );
  });
});
