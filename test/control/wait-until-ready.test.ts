import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Readiness } from '../../src/control/ask-readiness.ts';
import {
  buildUnitJudge,
  type WaitOptions,
  waitUntilReady,
} from '../../src/control/wait-until-ready.ts';
import type { ObservedUnit } from '../../src/plan/diff.ts';

const ready: Readiness = { isReady: true, state: 'ready', detail: '' };
const loading: Readiness = { isReady: false, state: 'loading', detail: '' };

const unit = (state: ObservedUnit['state']): ObservedUnit => ({
  name: 'a-engine-0',
  hash: 'h',
  state,
  detail: 'exited (1)',
  gpus: [],
});

function options(changes: Partial<WaitOptions>): WaitOptions {
  return {
    services: ['a', 'b'],
    ask: () => Promise.resolve(ready),
    observe: () => Promise.resolve([unit('running')]),
    onChange: () => undefined,
    timeoutMs: 60_000,
    intervalMs: 1,
    signal: new AbortController().signal,
    ...changes,
  };
}

describe('waitUntilReady', () => {
  it('ends when all are ready, and tells each change once', async () => {
    const answers = new Map([
      ['a', [loading, loading, ready]],
      ['b', [ready]],
    ]);
    const changes: string[] = [];

    const outcome = await waitUntilReady(
      options({
        ask: (service) => Promise.resolve(answers.get(service)?.shift() ?? ready),
        onChange: (service, { state }) => changes.push(`${service} ${state}`),
      }),
    );

    assert.deepEqual(outcome, { kind: 'ready' });
    assert.deepEqual(changes.sort(), ['a loading', 'a ready', 'b ready']);
  });

  it('tells what a service does while its state stays the same, each thing once', async () => {
    const at = (detail: string): Readiness => ({ ...loading, detail });
    const answers = [at('0 %'), at('0 %'), at('50 %'), ready];
    const told: string[] = [];

    await waitUntilReady(
      options({
        services: ['a'],
        ask: () => Promise.resolve(answers.shift() ?? ready),
        onChange: (_, { state, detail }) => told.push(`${state} ${detail}`.trim()),
      }),
    );

    assert.deepEqual(told, ['loading 0 %', 'loading 50 %', 'ready']);
  });

  it('a service that was ready and is so no more is waited for again', async () => {
    const answers = new Map([
      ['a', [ready, loading, ready]],
      ['b', [loading, loading, ready]],
    ]);
    let rounds = 0;

    await waitUntilReady(
      options({
        ask: (service) => Promise.resolve(answers.get(service)?.shift() ?? ready),
        observe: () => Promise.resolve(++rounds > 0 ? [] : []),
      }),
    );

    assert.equal(rounds, 2);
  });

  it('a stack without services is ready', async () => {
    assert.deepEqual(await waitUntilReady(options({ services: [] })), { kind: 'ready' });
  });

  it('ends at the timeout with the names that are missing', async () => {
    const outcome = await waitUntilReady(
      options({
        ask: (service) => Promise.resolve(service === 'a' ? ready : loading),
        timeoutMs: 20,
      }),
    );

    assert.deepEqual(outcome, { kind: 'timeout', waiting: ['b'] });
  });

  it('the timeout cuts a question that hangs', async () => {
    const outcome = await waitUntilReady(
      options({
        ask: (_, signal) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => resolve(loading), { once: true });
          }),
        timeoutMs: 20,
      }),
    );

    assert.equal(outcome.kind, 'timeout');
  });

  it('ends when a unit has stopped', async () => {
    const outcome = await waitUntilReady(
      options({
        ask: () => Promise.resolve(loading),
        observe: () => Promise.resolve([unit('stopped')]),
      }),
    );

    assert.deepEqual(outcome, { kind: 'unit_failed', unit: unit('stopped'), waiting: ['a', 'b'] });
  });

  it('ends when it is interrupted', async () => {
    const stop = new AbortController();
    const outcome = await waitUntilReady(
      options({
        ask: () => {
          stop.abort();
          return Promise.resolve(loading);
        },
        signal: stop.signal,
      }),
    );

    assert.deepEqual(outcome, { kind: 'interrupted', waiting: ['a', 'b'] });
  });
});

describe('buildUnitJudge', () => {
  const verdicts = (states: readonly ObservedUnit['state'][]) => {
    const judge = buildUnitJudge();
    return states.map((state) => judge([unit(state)]) !== null);
  };

  it('one moment of standing still is none', () => {
    assert.deepEqual(verdicts(['stopped', 'running', 'stopped', 'starting']), [
      false,
      false,
      false,
      false,
    ]);
  });

  it('twice in a row is the end', () => {
    assert.deepEqual(verdicts(['running', 'stopped', 'stopped']), [false, false, true]);
  });

  it('three restarts that its runtime counted are the end, though each look found it on the same way back', () => {
    const judge = buildUnitJudge();
    const found = [40, 41, 42, 43].map(
      (restarts) => judge([{ ...unit('restarting'), restarts }])?.name,
    );
    assert.deepEqual(found, [undefined, undefined, undefined, 'a-engine-0']);
  });

  it('restarts of a unit that was made anew meanwhile are counted from there', () => {
    const judge = buildUnitJudge();
    const found = [40, 0, 2, 3].map((restarts) => judge([{ ...unit('running'), restarts }])?.name);
    assert.deepEqual(found, [undefined, undefined, undefined, 'a-engine-0']);
  });

  it('the third way back is the end, however long each takes', () => {
    assert.deepEqual(
      verdicts(['restarting', 'restarting', 'running', 'restarting', 'running', 'restarting']),
      [false, false, false, false, false, true],
    );
  });
});
