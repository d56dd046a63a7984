import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameClock } from '../../../src/worker/replies/frame-clock.ts';
import { until } from '../worker-harness.ts';

describe('the clock of frames that wait', () => {
  it('sends each when it is due, and once', () => {
    const clock = new FrameClock();
    const sent: string[] = [];
    const wait = (name: string, nowMs: number, waitMs: number) =>
      clock.wait(() => sent.push(name), { nowMs, waitMs });
    wait('a', 0, 50);
    wait('b', 5, 10);
    wait('c', 10, 50);
    wait('d', 15, 10);

    const seen = [14, 15, 25, 49, 50, 60, 1_000].map((nowMs) => {
      clock.look(nowMs);
      return sent.join('');
    });

    assert.deepEqual(seen, ['', 'b', 'bd', 'bd', 'bda', 'bdac', 'bdac']);
  });

  it('forgets who leaves, and goes on with the others', () => {
    const clock = new FrameClock();
    const sent: number[] = [];
    const all = Array.from({ length: 5_000 }, (_, at) =>
      clock.wait(() => sent.push(at), { nowMs: at, waitMs: 20 }),
    );
    all.forEach((waiting, at) => {
      if (at % 2 === 1) clock.leave(waiting);
    });

    for (let nowMs = 0; nowMs < 6_000; nowMs += 7) clock.look(nowMs);

    assert.deepEqual(
      sent,
      Array.from({ length: 2_500 }, (_, at) => 2 * at),
    );
  });

  it('takes who comes while it sends', () => {
    const clock = new FrameClock();
    const sent: string[] = [];
    clock.wait(
      () => {
        sent.push('first');
        clock.wait(() => sent.push('second'), { nowMs: 10, waitMs: 10 });
      },
      { nowMs: 0, waitMs: 10 },
    );

    clock.look(10);
    assert.deepEqual(sent, ['first']);
    clock.look(20);
    assert.deepEqual(sent, ['first', 'second']);
  });

  it('sends by itself when nobody looks, and then lets the process rest', async () => {
    const clock = new FrameClock();
    let isSent = false;
    clock.wait(() => (isSent = true), { nowMs: performance.now(), waitMs: 10 });
    await until('it is sent', () => isSent);
    // A timer that went on would keep this process from its end, and the test would not pass.
  });
});
