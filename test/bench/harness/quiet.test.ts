import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBusy, isDisturbed, parseCoreTimes } from '../../../bench/harness/quiet.ts';

const QUIET = { elapsedMs: 1_000, busyMs: 900, ownMs: 850, stolenMs: 0 };

describe('a machine', () => {
  it('is quiet while nearly all of its load is ours', () => {
    assert.equal(isBusy(QUIET), false);
    assert.equal(isBusy({ ...QUIET, ownMs: 2_000 }), false);
  });

  it('is busy when somebody else has more than a tenth of a core, or the host takes as much', () => {
    assert.equal(isBusy({ ...QUIET, ownMs: 780 }), true);
    assert.equal(isBusy({ ...QUIET, stolenMs: 120 }), true);
  });

  it('is disturbed by one tick', () => {
    assert.equal(isDisturbed({ elapsedMs: 60, busyMs: 20, ownMs: 15, stolenMs: 0 }), false);
    assert.equal(isDisturbed({ elapsedMs: 60, busyMs: 30, ownMs: 15, stolenMs: 0 }), true);
    assert.equal(isDisturbed({ elapsedMs: 60, busyMs: 0, ownMs: 0, stolenMs: 10 }), true);
  });

  it('is looked at by its cores', () => {
    const stat = [
      'cpu  30 0 3 900 0 0 0 12 0 0',
      'cpu0 10 1 2 400 5 6 7 4 0 0',
      'cpu1 20 0 1 500 0 0 0 8 0 0',
      'intr 1 2 3',
    ].join('\n');
    assert.deepEqual(parseCoreTimes(stat, [1]), [{ busyMs: 210, stolenMs: 80 }]);
    assert.deepEqual(parseCoreTimes(stat, null), [
      { busyMs: 130, stolenMs: 40 },
      { busyMs: 210, stolenMs: 80 },
    ]);
  });
});
