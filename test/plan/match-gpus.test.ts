import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchAll, matchMost, type Slots } from '../../src/plan/match-gpus.ts';

/** Slots and GPUs few enough to try, many enough for chains: some kinds of demand, shared by several slots as services share them. */
const slots = fc
  .tuple(
    fc.array(fc.subarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 1 }), {
      minLength: 1,
      maxLength: 7,
    }),
    fc.array(fc.nat({ max: 6 }), { maxLength: 8 }),
  )
  .map(([kinds, order]): Slots => order.map((at) => kinds[at % kinds.length] ?? []));

describe('an assignment of GPUs', () => {
  it('is the one with the lowest GPUs in the order of the slots, if there is one', () => {
    fc.assert(
      fc.property(slots, (asked) => {
        assert.deepEqual(matchAll(asked), lowestByTrying(asked));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is the same whether slots share a list or have one each', () => {
    fc.assert(
      fc.property(slots, (asked) => {
        assert.deepEqual(matchAll(asked.map((gpus) => [...gpus])), matchAll(asked));
      }),
    );
  });

  it('leaves out the same slots as before when not all can have a GPU: the later ones', () => {
    fc.assert(
      fc.property(slots, (asked) => {
        const given = matchMost(asked);
        assert.deepEqual(
          given.map((gpu) => gpu !== null),
          placedByAdding(asked),
        );
        const used = given.filter((gpu) => gpu !== null);
        assert.equal(new Set(used).size, used.length);
        given.forEach((gpu, slot) => assert.ok(gpu === null || asked[slot]?.includes(gpu)));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is found for as many GPUs as a cluster has, also when the ones in front have to make room', () => {
    const count = 1_000;
    const all = Array.from({ length: count }, (_, gpu) => gpu);
    const front = all.slice(0, count / 2);
    const asked = [...front.map(() => all), ...front.map(() => front)];

    assert.deepEqual(matchAll(asked), [...all.slice(count / 2), ...front]);
  });

  it('is found when every slot takes other GPUs than the one before', () => {
    // Each takes its own and the next one, the last takes the first alone: all have to move by one.
    const count = 1_000;
    const asked = Array.from({ length: count }, (_, at) => (at < count - 1 ? [at, at + 1] : [0]));

    assert.deepEqual(
      matchAll(asked),
      asked.map((_, at) => (at + 1) % count),
    );
  });

  /** The definition: assignments in ascending order, until one has a GPU for all. */
  function lowestByTrying(asked: Slots, taken: readonly number[] = []): readonly number[] | null {
    const gpus = asked[taken.length];
    if (gpus === undefined) return taken;
    for (const gpu of gpus) {
      const all = taken.includes(gpu) ? null : lowestByTrying(asked, [...taken, gpu]);
      if (all !== null) return all;
    }
    return null;
  }

  /** The definition: a slot has a GPU when there is an assignment for it and all before it that have one. */
  function placedByAdding(asked: Slots): readonly boolean[] {
    const kept: (readonly number[])[] = [];
    return asked.map((gpus) => {
      const canHave = lowestByTrying([...kept, gpus]) !== null;
      if (canHave) kept.push(gpus);
      return canHave;
    });
  }
});
