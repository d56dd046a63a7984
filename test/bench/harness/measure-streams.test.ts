import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startEngine } from '../../../bench/harness/engine/engine.ts';
import { measureStreams } from '../../../bench/harness/measure-streams.ts';
import { direct } from '../../../bench/targets/direct.ts';

describe('a load of streams', () => {
  it('is counted at the engine and at the client for the same time, and is over afterwards', async (t) => {
    const engine = await startEngine({ core: null });
    t.after(engine.close);
    const target = await direct.start({ engineUrl: engine.url, core: null });
    const window = await measureStreams({
      ...{ engine, target, shape: target.shapes.stream, form: 'events' },
      ...{ streams: 4, tokens: 1_000, intervalMs: 5, windowMs: 300, keepTimes: true },
    });
    assert.deepEqual([window.errors, window.cpuNs], [0, 0]);
    assert.ok(window.chunks > 0 && window.frames > 0 && window.bytes > 0);
    // On a busy machine some chunks come together, and some come after the window.
    assert.ok(window.reads < 2 * window.chunks);
    // The times are taken a little before and after the counts.
    assert.ok(window.times.gapsMs.length > 0 && window.times.gapsMs.length < 2 * window.reads);
    const { chunks, departures } = await engine.counts();
    assert.ok(departures >= 4);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal((await engine.counts()).chunks, chunks);
  });
});
