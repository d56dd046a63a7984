import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectGarbage } from '../../src/worker/collect-garbage.ts';
import { createLook } from '../../src/worker/idle-memory.ts';

function setUp() {
  const departures = { size: 0, total: 0 };
  const counts = { collections: 0 };
  const collect = (): void => void (counts.collections += 1);
  return { departures, counts, look: createLook({ departures, collect }) };
}

describe('memory of a worker that has started', () => {
  it('is given back, which is the end of it', () => {
    const { counts, look } = setUp();

    assert.equal(look(), true);
    assert.equal(counts.collections, 1);
  });

  it('is given back when a whole look passed without a request, and nothing is under way', () => {
    const { departures, counts, look } = setUp();
    Object.assign(departures, { size: 1, total: 1 });
    assert.equal(look(), false, 'there was a request since the last look');
    assert.equal(look(), false, 'it is under way');
    departures.size = 0;
    departures.total = 2;
    assert.equal(look(), false, 'there was another one');
    assert.equal(counts.collections, 0);

    assert.equal(look(), true);
    assert.equal(counts.collections, 1);
  });

  it('is left alone once it has answered so many that its code is worth more', () => {
    const { departures, counts, look } = setUp();
    departures.total = 101;

    assert.equal(look(), true);
    assert.equal(counts.collections, 0);
  });

  it('is what nothing holds any more', async () => {
    const dropped = new WeakRef({});
    // What a reference was made for lives until the end of its turn.
    await new Promise((resolve) => setImmediate(resolve));

    collectGarbage();

    assert.equal(dropped.deref(), undefined);
  });
});
