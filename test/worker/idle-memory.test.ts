import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLook, giveBackWhenIdle } from '../../src/worker/idle-memory.ts';

const MINUTE_MS = 60_000;

function setUp() {
  const departures = { size: 0, total: 0 };
  const collections: unknown[] = [];
  const collect = ((options: unknown) => {
    collections.push(options);
  }) as NodeJS.GCFunction;
  return { departures, collections, look: createLook({ departures, collect }) };
}

describe('memory of a worker with nothing to do', () => {
  it('is given back once when it has started', () => {
    const { collections, look } = setUp();

    for (const nowMs of [0, 1_000, 2 * MINUTE_MS]) look(nowMs);

    assert.deepEqual(collections, [{ type: 'major', execution: 'sync', flavor: 'last-resort' }]);
  });

  it('is given back again after requests, when a whole look passed without one', () => {
    const { departures, collections, look } = setUp();
    look(0);

    departures.total = 5;
    look(2 * MINUTE_MS);
    assert.equal(collections.length, 1, 'there was a request since the last look');
    look(2 * MINUTE_MS + 1_000);

    assert.equal(collections.length, 2);
  });

  it('is left alone while something is under way, and for a minute after it was given back', () => {
    const { departures, collections, look } = setUp();
    Object.assign(departures, { size: 1, total: 1 });
    look(0);
    look(1_000);
    assert.equal(collections.length, 0);

    departures.size = 0;
    look(2_000);
    departures.total = 2;
    for (const nowMs of [3_000, 4_000, MINUTE_MS]) look(nowMs);
    assert.equal(collections.length, 1);
    look(MINUTE_MS + 2_000);

    assert.equal(collections.length, 2);
  });

  it('is nobody’s business where Node has no collection to offer', () => {
    assert.doesNotThrow(
      giveBackWhenIdle({ departures: { size: 0, total: 0 }, collect: undefined }),
    );
  });
});
