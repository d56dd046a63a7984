import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createClock } from '../../../src/engine-server/core/clock.ts';
import { pumpTokens, type PumpInput } from '../../../src/engine-server/core/pump-tokens.ts';
import { SIMULATOR_VOCABULARY } from '../../../src/engine-server/simulator/vocabulary.ts';
import type {
  ComputedSource,
  Sampling,
  TimedSource,
} from '../../../src/engine-server/text-source.ts';

const SAMPLING: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  repetitionPenalty: 1,
  seed: null,
  minTokens: 0,
};

const ANY_SOURCE = {
  ...SIMULATOR_VOCABULARY,
  model: 'sim',
  contextLength: 100,
  load: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Counts up from 0, at this pace. */
function timed(itlMs: number, events: string[] = []): TimedSource {
  return {
    ...ANY_SOURCE,
    begin() {
      let token = -1;
      return {
        cachedTokens: 7,
        next: () => (token += 1),
        dueMs: (index) => index * itlMs,
        end: () => events.push('end'),
      };
    },
  };
}

/** Ends after three tokens. */
function computed(): ComputedSource {
  return {
    ...ANY_SOURCE,
    async *generate(_prompt, _sampling, signal) {
      for (let token = 0; token < 3; token += 1) {
        await Promise.resolve();
        signal.throwIfAborted();
        yield token;
      }
    },
  };
}

function toInput(take: PumpInput['take'], signal = new AbortController().signal): PumpInput {
  const clock = createClock();
  return { clock, prompt: [1], sampling: SAMPLING, signal, begun: () => undefined, take };
}

describe('pumping tokens', () => {
  for (const itlMs of [0, 2]) {
    it(`brings them in their order until there are enough, ${itlMs} ms apart`, async () => {
      const taken: number[] = [];
      const events: string[] = [];
      const hasEnough = await pumpTokens(
        timed(itlMs, events),
        toInput((token) => {
          taken.push(token);
          return token === 5 ? 'enough' : 'next';
        }),
      );
      assert.deepEqual([hasEnough, taken, events], [true, [0, 1, 2, 3, 4, 5], ['end']]);
    });
  }

  it('waits for what takes longer before it brings the next', async () => {
    for (const source of [timed(0), computed()]) {
      let isBusy = false;
      await pumpTokens(
        source,
        toInput(async (token) => {
          assert.equal(isBusy, false);
          isBusy = true;
          await new Promise((resolve) => setTimeout(resolve, 2));
          isBusy = false;
          return token === 2 ? 'enough' : 'next';
        }),
      );
    }
  });

  it('tells that a source has ended before there were enough', async () => {
    assert.equal(
      await pumpTokens(
        computed(),
        toInput(() => 'next'),
      ),
      false,
    );
  });

  it('rejects at once when the signal aborts, and leaves no timer behind', async () => {
    const controller = new AbortController();
    const events: string[] = [];
    const source = timed(600_000, events);
    const kept: unknown[] = [];
    const input = toInput(() => 'next', controller.signal);
    const clock: PumpInput['clock'] = {
      at(...args) {
        const appointment = input.clock.at(...args);
        kept.push(appointment);
        queueMicrotask(() => controller.abort());
        return appointment;
      },
      cancel(appointment) {
        kept.splice(kept.indexOf(appointment), 1);
        input.clock.cancel(appointment);
      },
    };
    await assert.rejects(pumpTokens(source, { ...input, clock }), { name: 'AbortError' });
    assert.deepEqual([kept, events], [[], ['end']]);
  });

  it('rejects with what the taker throws, at once or later', async () => {
    const failure = new Error('enough of it');
    const takers: PumpInput['take'][] = [
      () => {
        throw failure;
      },
      () => Promise.reject(failure),
    ];
    for (const source of [timed(0), computed()]) {
      for (const take of takers) await assert.rejects(pumpTokens(source, toInput(take)), failure);
    }
  });

  it('says what the cache spared before the first token', async () => {
    const said: unknown[] = [];
    const input = toInput((token) => {
      said.push(token);
      return 'enough';
    });
    const begun = (cachedTokens: number | null) => said.push(`cached ${cachedTokens}`);
    await pumpTokens(timed(0), { ...input, begun });
    await pumpTokens(computed(), { ...input, begun });
    assert.deepEqual(said, ['cached 7', 0, 'cached null', 0]);
  });

  it('gives way to others although it is always late', async () => {
    let tokens = 0;
    let isOtherDone = false;
    setImmediate(() => setImmediate(() => (isOtherDone = true)));
    await pumpTokens(
      timed(0),
      toInput(() => {
        tokens += 1;
        return isOtherDone || tokens > 1000 ? 'enough' : 'next';
      }),
    );
    assert.ok(tokens < 10, `${tokens} tokens before anybody else`);
  });
});
