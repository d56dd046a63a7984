import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createClock } from '../../../src/engine-server/core/clock.ts';

describe('the clock', () => {
  it('keeps appointments in the order of their times, and none before it', async () => {
    const clock = createClock();
    const startMs = performance.now();
    const kept = await new Promise<readonly { wanted: number; at: number }[]>((resolve) => {
      const all: { wanted: number; at: number }[] = [];
      const wants = [30, 10, 50, 20, 10];
      for (const wanted of wants) {
        clock.at(startMs + wanted, 1, () => {
          all.push({ wanted, at: performance.now() - startMs });
          if (all.length === wants.length) resolve(all);
        });
      }
    });
    assert.deepEqual(
      kept.map(({ wanted }) => wanted),
      [10, 10, 20, 30, 50],
    );
    for (const { wanted, at } of kept) assert.ok(at >= wanted - 1, `${wanted} came at ${at}`);
  });

  it('lets those that are due within the grace come together', () => {
    const clock = createClock();
    const slots = [100.1, 103, 104.9, 105, 105.1].map((timeMs) => {
      const appointment = clock.at(timeMs, 5, () => undefined);
      clock.cancel(appointment);
      return appointment.slotMs;
    });
    assert.deepEqual(slots, [105, 105, 105, 105, 110]);
  });

  it('keeps an early appointment that was made after a late one', async () => {
    const clock = createClock();
    const late = clock.at(performance.now() + 600_000, 1, () => undefined);
    await new Promise<void>((resolve) => clock.at(performance.now() + 5, 1, resolve));
    clock.cancel(late);
  });

  it('forgets what is cancelled, and keeps the others', async () => {
    const clock = createClock();
    const startMs = performance.now();
    const called: string[] = [];
    const first = clock.at(startMs + 5, 1, () => called.push('cancelled'));
    const { promise, resolve } = Promise.withResolvers<undefined>();
    clock.at(startMs + 20, 1, () => resolve(undefined));
    clock.cancel(first);
    clock.cancel(first);
    await promise;
    assert.deepEqual(called, []);
  });

  it('lets one that is kept make the next', async () => {
    const clock = createClock();
    let left = 5;
    await new Promise<void>((resolve) => {
      const next = () => {
        left -= 1;
        if (left === 0) resolve();
        else clock.at(performance.now() + 2, 1, next);
      };
      clock.at(performance.now() + 2, 1, next);
    });
    assert.equal(left, 0);
  });
});
