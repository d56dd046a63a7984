import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectGarbage } from '../../src/worker/collect-garbage.ts';
import { createLook } from '../../src/worker/idle-memory.ts';

const MINUTE_MS = 60_000;

function setUp() {
  const departures = { size: 0, total: 0 };
  const counts = { collections: 0 };
  const collect = (): void => void (counts.collections += 1);
  return { departures, counts, look: createLook({ departures, collect }) };
}

describe('memory of a worker with nothing to do', () => {
  it('is given back once when it has started', () => {
    const { counts, look } = setUp();

    for (const nowMs of [0, 1_000, 2 * MINUTE_MS]) look(nowMs);

    assert.equal(counts.collections, 1);
  });

  it('is given back again after requests, when a whole look passed without one', () => {
    const { departures, counts, look } = setUp();
    look(0);

    departures.total = 5;
    look(2 * MINUTE_MS);
    assert.equal(counts.collections, 1, 'there was a request since the last look');
    look(2 * MINUTE_MS + 1_000);

    assert.equal(counts.collections, 2);
  });

  it('is left alone while something is under way, and for a minute after it was given back', () => {
    const { departures, counts, look } = setUp();
    Object.assign(departures, { size: 1, total: 1 });
    look(0);
    look(1_000);
    assert.equal(counts.collections, 0);

    departures.size = 0;
    look(2_000);
    departures.total = 2;
    for (const nowMs of [3_000, 4_000, MINUTE_MS]) look(nowMs);
    assert.equal(counts.collections, 1);
    look(MINUTE_MS + 2_000);

    assert.equal(counts.collections, 2);
  });

  it('is what nothing holds any more', async () => {
    const dropped = new WeakRef({});
    // What a reference was made for lives until the end of its turn.
    await new Promise((resolve) => setImmediate(resolve));

    collectGarbage();

    assert.equal(dropped.deref(), undefined);
  });
});
