/** Slots against a model of them, for any order of what can happen. */
import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { LlmOpsError } from '../../../src/errors.ts';
import { Slots } from '../../../src/worker/admission/slots.ts';
import type { SlotLimits } from '../../../src/worker/admission/slots.ts';

type Fate = 'waits' | 'in' | 'out' | 'overloaded' | 'queue_timeout' | 'left';

type Step =
  | { readonly act: 'take' }
  | { readonly act: 'give' | 'leave'; readonly which: number }
  | { readonly act: 'pass'; readonly ms: number }
  | { readonly act: 'limit'; readonly limits: SlotLimits };

const LIMITS = fc.record({
  concurrency: fc.integer({ min: 1, max: 4 }),
  queueLength: fc.nat(4),
  queueTimeoutMs: fc.integer({ min: 1, max: 40 }),
});

const which = fc.nat(30);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ act: 'take' } as const) },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('give' as const), which }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('leave' as const), which }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('pass' as const), ms: fc.nat(25) }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('limit' as const), limits: LIMITS }) },
);

/** What should become of each request. */
class Model {
  readonly fates: Fate[] = [];
  readonly #deadlines: number[] = [];
  #limits: SlotLimits;
  #now = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  count(fate: Fate): number {
    return this.fates.filter((each) => each === fate).length;
  }

  act(step: Step): void {
    if (step.act === 'take') this.#take();
    else if (step.act === 'pass') this.#pass(step.ms);
    else if (step.act === 'limit') this.#limits = step.limits;
    else this.#end(step.which % (this.fates.length || 1), step.act);
    this.#admit();
  }

  #take(): void {
    const { concurrency, queueLength, queueTimeoutMs } = this.#limits;
    const isFree = this.count('in') < concurrency && this.count('waits') === 0;
    const mayWait = this.count('waits') < queueLength;
    this.fates.push(isFree ? 'in' : mayWait ? 'waits' : 'overloaded');
    this.#deadlines.push(this.#now + queueTimeoutMs);
  }

  #pass(ms: number): void {
    this.#now += ms;
    for (const [id, fate] of this.fates.entries())
      if (fate === 'waits' && this.#deadlines[id]! <= this.#now) this.fates[id] = 'queue_timeout';
  }

  #end(id: number, act: 'give' | 'leave'): void {
    if (act === 'give' && this.fates[id] === 'in') this.fates[id] = 'out';
    if (act === 'leave' && this.fates[id] === 'waits') this.fates[id] = 'left';
  }

  #admit(): void {
    while (this.count('in') < this.#limits.concurrency) {
      const next = this.fates.indexOf('waits');
      if (next < 0) return;
      this.fates[next] = 'in';
    }
  }
}

/** The same, done to the real ones. */
class Reality {
  readonly slots: Slots;
  readonly fates: Fate[] = [];
  readonly #leaving: AbortController[] = [];
  readonly #give: (() => void)[] = [];

  constructor(limits: SlotLimits) {
    this.slots = new Slots('m', limits);
  }

  act(step: Step): void {
    if (step.act === 'take') this.#take();
    else if (step.act === 'pass') mock.timers.tick(step.ms);
    else if (step.act === 'limit') this.slots.setLimits(step.limits);
    else if (step.act === 'give') this.give(step.which % (this.fates.length || 1));
    else this.#leaving[step.which % (this.fates.length || 1)]?.abort(new Error('left'));
  }

  give(id: number): void {
    this.#give[id]?.();
    if (this.fates[id] === 'in') this.fates[id] = 'out';
  }

  #take(): void {
    const id = this.fates.length;
    const leaving = new AbortController();
    this.#leaving.push(leaving);
    this.fates.push('waits');
    this.slots.take(leaving.signal).then(
      (give) => {
        this.#give[id] = give;
        this.fates[id] = 'in';
      },
      (error: unknown) => {
        this.fates[id] = error instanceof LlmOpsError ? (error.code as Fate) : 'left';
      },
    );
  }
}

describe('slots, whatever happens in whatever order', () => {
  it('are those of the model after each of 24,000 steps, and all free at the end', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const steps = fc.array(STEP, { minLength: 120, maxLength: 120, size: 'max' });
      await fc.assert(
        fc.asyncProperty(LIMITS, steps, async (limits, acts) => {
          const model = new Model(limits);
          const real = new Reality(limits);
          for (const step of acts) {
            model.act(step);
            real.act(step);
            await nextTurn();
            assert.deepEqual(real.fates, model.fates);
            assert.equal(real.slots.taken, model.count('in'));
            assert.equal(real.slots.waiting, model.count('waits'));
          }
          while (real.fates.includes('in')) {
            for (const id of real.fates.keys()) real.give(id);
            await nextTurn();
          }
          assert.deepEqual([real.slots.taken, real.slots.waiting], [0, 0]);
        }),
        { numRuns: 200 },
      );
    } finally {
      mock.timers.reset();
    }
  });
});
