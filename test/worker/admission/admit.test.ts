import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { admit, refuseIfFull } from '../../../src/worker/admission/admit.ts';
import { Slots } from '../../../src/worker/admission/slots.ts';
import type { SlotLimits } from '../../../src/worker/admission/slots.ts';
import { RequestTrace } from '../../../src/worker/answer/request-trace.ts';

const never = new AbortController().signal;
const trace = new RequestTrace();

function place(limits: Partial<SlotLimits> = {}): { readonly slots: Slots } {
  const full = { concurrency: 1, queueLength: 10, queueTimeoutMs: 60_000, ...limits };
  return { slots: new Slots('m', full) };
}

describe('the way in', () => {
  it('takes a place at the service and one at the version, and gives both back once', async () => {
    const service = place({ concurrency: 5 });
    const version = place({ concurrency: 5 });

    const giveBack = await admit({ service, version }, { signal: never, trace });
    const other = await admit({ service, version }, { signal: never, trace });
    assert.deepEqual([service.slots.taken, version.slots.taken], [2, 2]);
    giveBack();
    giveBack();

    assert.deepEqual([service.slots.taken, version.slots.taken], [1, 1]);
    other();
  });

  it('gives the service’s place back when the version refuses, times out, or the client leaves', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const service = place({ concurrency: 5 });
    const version = place({ queueLength: 2, queueTimeoutMs: 1_000 });
    const hold = await admit({ service, version }, { signal: never, trace });
    const leaving = new AbortController();
    const waiting = [
      assert.rejects(admit({ service, version }, { signal: leaving.signal, trace }), /left/),
      assert.rejects(admit({ service, version }, { signal: never, trace }), {
        code: 'queue_timeout',
      }),
    ];
    await nextTurn();
    assert.throws(() => refuseIfFull({ service, version }), { code: 'overloaded' });
    await assert.rejects(admit({ service, version }, { signal: never, trace }), {
      code: 'overloaded',
    });
    assert.deepEqual([service.slots.taken, version.slots.waiting], [3, 2]);

    leaving.abort(new Error('left'));
    t.mock.timers.tick(1_000);
    await Promise.all(waiting);

    assert.deepEqual([service.slots.taken, version.slots.waiting], [1, 0]);
    hold();
    assert.deepEqual([service.slots.taken, version.slots.taken], [0, 0]);
  });

  it('gives the service’s place back to who left in the moment in which it was given', async () => {
    const service = place();
    const version = place();
    const hold = await admit({ service, version }, { signal: never, trace });
    const leaving = new AbortController();
    const waiting = admit({ service, version }, { signal: leaving.signal, trace });

    hold();
    leaving.abort(new Error('left'));

    await assert.rejects(waiting, /left/);
    assert.deepEqual([service.slots.taken, version.slots.taken], [0, 0]);
  });
});

type Visit = {
  readonly leaving: AbortController;
  readonly version: number;
  giveBack: (() => void) | null;
  isOver: boolean;
};

describe('the way in, with two versions and whatever happens', () => {
  const limits = fc.record({
    concurrency: fc.integer({ min: 1, max: 4 }),
    queueLength: fc.nat(5),
    queueTimeoutMs: fc.integer({ min: 1, max: 40 }),
  });
  const step = fc.record({
    act: fc.constantFrom('come', 'come', 'come', 'go', 'go', 'leave', 'pass', 'limit'),
    which: fc.nat(40),
    limits,
  });

  it('has as many places taken as there are live requests at all times, and none at the end', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const steps = fc.array(step, { minLength: 120, maxLength: 120, size: 'max' });
      await fc.assert(
        fc.asyncProperty(fc.tuple(limits, limits, limits), steps, async (all, acts) => {
          const [service, ...versions] = all.map((each) => place(each));
          const visits: Visit[] = [];
          const live = (): readonly Visit[] => visits.filter((visit) => visit.giveBack !== null);
          const come = (version: number): void => {
            const visit: Visit = {
              leaving: new AbortController(),
              version,
              giveBack: null,
              isOver: false,
            };
            visits.push(visit);
            const places = { service: service!, version: versions[version]! };
            admit(places, { signal: visit.leaving.signal, trace }).then(
              (giveBack) => (visit.giveBack = giveBack),
              () => (visit.isOver = true),
            );
          };
          const go = (visit: Visit | undefined): void => {
            visit?.giveBack?.();
            if (visit) visit.giveBack = null;
          };
          for (const { act, which, limits: changed } of acts) {
            if (act === 'come') come(which % 2);
            if (act === 'go') go(live()[which % (live().length || 1)]);
            if (act === 'leave') visits[which % (visits.length || 1)]?.leaving.abort(new Error());
            if (act === 'pass') mock.timers.tick(which);
            if (act === 'limit') [service!, ...versions][which % 3]!.slots.setLimits(changed);
            await nextTurn();
            for (const [at, { slots }] of versions.entries())
              assert.equal(slots.taken, live().filter(({ version }) => version === at).length);
            const atVersions = versions.reduce((sum, { slots }) => sum + slots.waiting, 0);
            assert.equal(service!.slots.taken, live().length + atVersions);
          }
          while (live().length > 0) {
            live().forEach(go);
            await nextTurn();
          }
          for (const { slots } of [service!, ...versions])
            assert.deepEqual([slots.taken, slots.waiting], [0, 0]);
        }),
        { numRuns: 80 },
      );
    } finally {
      mock.timers.reset();
    }
  });
});
