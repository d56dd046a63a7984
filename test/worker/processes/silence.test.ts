/** Whether an engine is silent is for all servers together to say. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { VisitEnd } from '../../../src/worker/balance/health/visit.ts';
import { Replica } from '../../../src/worker/live/replica.ts';
import { Guest } from '../../../src/worker/processes/owner/guest.ts';
import type { VisitProgress } from '../../../src/worker/processes/messages.ts';
import { ProgressReport } from '../../../src/worker/processes/server/progress-report.ts';
import { startEngine, until } from '../worker-harness.ts';

const TIMED_OUT: VisitEnd = {
  kind: 'failed',
  ...{ code: 'engine_timeout', hasProgressed: false, isAllSilent: true },
};

describe('an engine that a request of one server waited for in vain', () => {
  it('is stalled, unless it sent something to another server meanwhile', async (t) => {
    const engine = await startEngine(t);
    const replica = new Replica(
      { id: 'e', url: engine.url, engine: 'sim', model: null },
      { idleTimeoutMs: 60_000 },
    );
    t.after(() => replica.close());
    await replica.probe();

    const [one, other] = [new Guest(replica), new Guest(replica)];
    other.told({ hasProgressed: true, isWaiting: true });
    one.ended(TIMED_OUT);
    assert.equal(replica.state, 'ready');

    const third = new Guest(replica);
    third.ended(TIMED_OUT);
    assert.equal(replica.state, 'stalled');
    for (const guest of [one, other, third]) guest.leave();
    assert.equal(replica.inFlight, 0);
  });

  it('is stalled by its silence to all who wait, not to those whose readers hold them up', async (t) => {
    const engine = await startEngine(t, { loadMs: 0 });
    const replica = new Replica(
      { id: 'e', url: engine.url, engine: 'sim', model: null },
      { idleTimeoutMs: 200 },
    );
    t.after(() => replica.close());
    await replica.probe();
    const guest = new Guest(replica);
    guest.told({ hasProgressed: false, isWaiting: false });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(replica.state, 'ready');

    guest.told({ hasProgressed: false, isWaiting: true });

    let wasStalled = false;
    await until('it is stalled', () => (wasStalled ||= replica.state === 'stalled'));
    guest.leave();
  });
});

describe('what a server reports', () => {
  it('names one visit of those that an engine sent something to, and each that waits no more', () => {
    const config = { url: 'http://127.0.0.1:1', engine: 'sim', model: null } as const;
    const [a, b] = ['a', 'b'].map((id) => new Replica({ id, ...config }, { idleTimeoutMs: 1 }));
    const told: (readonly VisitProgress[])[] = [];
    const report = new ProgressReport((visits) => told.push(visits));
    const [one, two, three] = [report.watch(1, a!), report.watch(2, a!), report.watch(3, b!)];
    report.tell();
    one.progressed();
    two.progressed();
    report.tell();
    const rest = three.wait();
    rest();
    report.tell();
    three.wait();
    two.end();
    report.tell();
    report.tell();

    assert.deepEqual(told, [
      [{ n: 1, hasProgressed: true, isWaiting: true }],
      [{ n: 3, hasProgressed: false, isWaiting: false }],
      [{ n: 3, hasProgressed: false, isWaiting: true }],
    ]);
    assert.equal(two.count, 2);
  });

  it('tells at the end of a visit what its engine sent since the last time', () => {
    const config = { id: 'a', url: 'http://127.0.0.1:1', engine: 'sim', model: null } as const;
    const told: (readonly VisitProgress[])[] = [];
    const report = new ProgressReport((visits) => told.push(visits));
    const visit = report.watch(1, new Replica(config, { idleTimeoutMs: 1 }));
    visit.progressed();
    visit.end();
    report.tell();

    assert.deepEqual(told, [[{ n: 1, hasProgressed: true, isWaiting: true }]]);
  });
});
