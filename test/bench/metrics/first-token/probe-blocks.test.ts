import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Probe, Prober } from '../../../../bench/harness/client/prober.ts';
import { summarize } from '../../../../bench/harness/rounds.ts';
import { probeBlocks } from '../../../../bench/metrics/first-token/probe-blocks.ts';

const QUIET = { wasBusy: () => false, wasDisturbed: () => false };

/** Tells the probes one after another, and the last one again and again. */
function prober(...probes: readonly Probe[]): Prober {
  let asked = 0;
  return {
    probe: () => {
      const probe = probes[Math.min(asked, probes.length - 1)]!;
      asked += 1;
      return Promise.resolve(probe);
    },
    close: () => undefined,
  };
}

const direct = { firstMs: 1, longestGapMs: 6 };
const late = { firstMs: 1.5, longestGapMs: 21.5 };
const good = { firstMs: 1.5, longestGapMs: 20.5 };

function measure(ours: Prober, watch = () => QUIET, few = 4) {
  return probeBlocks({
    probers: new Map([
      ['direct', prober(direct)],
      ['ours', ours],
    ]),
    blocks: 2,
    probesOf: (name) => (name === 'ours' ? few : 4),
    onBlock: () => undefined,
    watch,
  });
}

describe('paired probes', () => {
  it("tell what is added to the engine's own time, in microseconds", async () => {
    const { rounds } = await measure(prober(good));
    assert.equal(summarize(rounds, 'ours', 'addedUs').median, 500);
    assert.equal(summarize(rounds, 'direct', 'addedUs').median, 1_000);
    assert.equal(rounds.kept.length, 2);
  });

  it('count a stall where the first chunk, or a gap, is 15 ms longer than from the engine', async () => {
    const slow = { firstMs: 16, longestGapMs: 6 };
    const { stalls } = await measure(prober(good, late, slow, good));
    assert.deepEqual(stalls.get('ours'), { count: 2, probes: 8 });
    assert.deepEqual(stalls.get('direct'), { count: 0, probes: 8 });
  });

  it('ask fewer of those who are to have fewer', async () => {
    for (const few of [1, 3]) {
      const { stalls } = await measure(prober(good), () => QUIET, few);
      assert.equal(stalls.get('ours')?.probes, 2 * few);
    }
  });

  it('are asked again where the machine was busy, up to a limit', async () => {
    let asked = 0;
    const busyAtFirst = () => ({ ...QUIET, wasBusy: () => (asked += 1) <= 3 });
    const { disturbedProbes, stalls } = await measure(prober(good), busyAtFirst);
    assert.equal(disturbedProbes, 3);
    assert.equal(stalls.get('ours')?.probes, 8);
    const never = await measure(prober(good), () => ({ ...QUIET, wasBusy: () => true }));
    assert.deepEqual([never.rounds.kept.length, never.disturbedProbes], [0, 16]);
  });

  it('blame nobody for a stall while somebody else had the machine', async () => {
    const watch = () => ({ ...QUIET, wasDisturbed: () => true });
    const { stalls, disturbedProbes } = await measure(prober(late, good), watch);
    assert.equal(stalls.get('ours')?.count, 0);
    assert.equal(disturbedProbes, 1);
  });
});
