import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rounds } from '../../../bench/harness/rounds.ts';
import { toLine } from '../../../bench/metrics/to-line.ts';

const facts = {
  id: 'P1',
  name: 'cost',
  unit: 'µs',
  value: 'cost',
  peers: ['nginx', 'portkey'],
  goals: [{ of: 'nginx', most: 5 }],
  notes: ['a note'],
};

const roundOf = (ours: number, nginx: number) =>
  new Map([
    ['ours', { cost: ours }],
    ['nginx', { cost: nginx }],
  ]);

describe('a line of rounds', () => {
  it("compares round by round, which is not the ratio of the rounds' medians", () => {
    const rounds: Rounds = {
      kept: [roundOf(10, 10), roundOf(20, 5), roundOf(30, 15)],
      thrownAway: { errors: 1 },
    };
    const line = toLine(rounds, facts);
    assert.equal(line.ours, 20);
    assert.deepEqual(line.peers, { nginx: 10 });
    // 1, 4 and 2.
    assert.deepEqual(line.ratios, { nginx: 2 });
    assert.deepEqual(line.spread, { ours: [15, 25], nginx: [1.5, 3] });
    assert.deepEqual(line.rounds, { kept: 3, thrownAway: { errors: 1 } });
    assert.deepEqual(line.notes, ['a note']);
  });

  it('has no value where no round was kept, and says so', () => {
    const line = toLine({ kept: [], thrownAway: { 'busy machine': 10 } }, facts);
    assert.equal(line.ours, null);
    assert.deepEqual([line.peers, line.ratios, line.spread], [{}, {}, {}]);
    assert.deepEqual(line.notes, ['no round was worth keeping']);
  });
});
