import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FreeRate } from '../../../src/worker/admission/free-rate.ts';

function every(ms: number, times: number): FreeRate {
  const rate = new FreeRate();
  for (let at = 0; at <= times; at += 1) rate.note(at * ms);
  return rate;
}

describe('the estimate of when a place comes free', () => {
  it('goes by how fast they came free lately', () => {
    assert.equal(every(500, 20).secondsUntil(10, 10_500), 5);
    assert.equal(every(2_000, 10).secondsUntil(4, 22_000), 8);
  });

  it('is slower for a place that does not come free', () => {
    const rate = every(100, 10);
    assert.ok(rate.secondsUntil(10, 1_000) < rate.secondsUntil(10, 20_000));
  });

  it('is 1 second at least, 60 at most, and something where nothing is known', () => {
    assert.equal(every(1, 20).secondsUntil(1, 21), 1);
    assert.equal(every(10_000, 4).secondsUntil(1_000, 50_000), 60);
    for (const unknown of [new FreeRate(), every(1, 20)]) {
      const seconds = unknown.secondsUntil(1, 3_600_000);
      assert.ok(seconds >= 1 && seconds <= 60);
    }
  });
});
