import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Rung, toCapacity, toRung } from '../../../../bench/metrics/capacity/climb.ts';

const window = {
  elapsedMs: 2_000,
  chunks: 40_000,
  cpuNs: 1.6e9,
  times: { firstMs: [1, 2, 3], gapsMs: [20, 21, 19], wholeMs: [] },
};
const load = { streams: 400, intervalMs: 20 };

describe('a rung of the ladder', () => {
  it('holds with early first tokens and short gaps', () => {
    const rung = toRung(window, load);
    assert.deepEqual(
      [rung.chunksPerSecond, rung.load, rung.cpuUsPerChunk, rung.holds],
      [20_000, 0.8, 40, true],
    );
  });

  it('does not hold with late first tokens, with none, or with one gap of ten times the pace', () => {
    const { times } = window;
    const late = { ...window, times: { ...times, firstMs: [1, 1, 150] } };
    const none = { ...window, times: { ...times, firstMs: [] } };
    const stalled = { ...window, times: { ...times, gapsMs: [20, 201] } };
    for (const bad of [late, none, stalled]) assert.equal(toRung(bad, load).holds, false);
  });
});

describe('the capacity of a core', () => {
  const rung = (parts: Partial<Rung>): Rung => ({
    ...toRung(window, load),
    ...parts,
  });
  const climbOf = (...rungs: readonly Rung[]) => ({ rungs, thrownAway: {} });

  it('is the highest rung that holds, where the core was full above it', () => {
    const full = rung({ streams: 500, load: 0.97, chunksPerSecond: 24_000, holds: false });
    const found = toCapacity(climbOf(rung({}), full));
    assert.equal(found?.chunksPerSecond, 20_000);
    assert.match(found.how, /^measured/);
  });

  it('is what the cost of a chunk leaves room for, where something else was full first', () => {
    const starved = rung({ streams: 500, load: 0.7, holds: false });
    for (const climbed of [climbOf(rung({}), starved), climbOf(rung({}))]) {
      const found = toCapacity(climbed);
      assert.equal(found?.chunksPerSecond, 25_000);
      assert.match(found.how, /its core was not full/);
    }
  });

  it('is unknown where nothing was measured', () => {
    assert.equal(toCapacity(climbOf()), null);
  });
});
