import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { Dispatcher } from 'undici';
import { AnswerHandler } from '../../../src/engines/stream/answer-handler.ts';

type Watched = {
  readonly handler: AnswerHandler;
  readonly connection: Dispatcher.DispatchController;
  /** What was told of the end, and whether the connection was ended. */
  readonly events: string[];
};

/** A handler between a connection and a sink that only take notes. Time stands still until it is told. */
function watch(t: TestContext): Watched {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const events: string[] = [];
  const handler = new AnswerHandler({
    sink: { begin: () => undefined, push: ({ text }) => events.push(`text ${text}`) > 0 },
    idleTimeoutMs: 60_000,
    end: {
      resolve: () => events.push('resolved'),
      reject: (error) => events.push(`rejected ${(error as { code: string }).code}`),
    },
  });
  const connection: Dispatcher.DispatchController = {
    aborted: false,
    paused: false,
    reason: null,
    abort: () => events.push('ended'),
    pause: () => undefined,
    resume: () => undefined,
  };
  handler.onRequestStart(connection);
  return { handler, connection, events };
}

describe('a reply that never ends', () => {
  it('is a refusal all the same, with what came of its words', (t) => {
    const { handler, connection, events } = watch(t);
    handler.onResponseStart(connection, 503, {});
    for (let i = 0; i < 9; i += 1) {
      handler.onResponseData(connection, Buffer.from('.'));
      t.mock.timers.tick(1_000);
    }
    assert.deepEqual(events, []);

    t.mock.timers.tick(1_000);

    assert.deepEqual(events, ['rejected engine_loading', 'ended']);
  });

  it('is an answer when its engine said how it finished', (t) => {
    const { handler, connection, events } = watch(t);
    handler.onResponseStart(connection, 200, { 'content-type': 'text/event-stream' });
    const last = { choices: [{ text: 'all', finish_reason: 'stop' }] };
    handler.onResponseData(connection, Buffer.from(`data: ${JSON.stringify(last)}\n\n`));
    assert.deepEqual(events, ['text all']);

    t.mock.timers.tick(1_000);

    assert.deepEqual(events, ['text all', 'text ', 'resolved', 'ended']);
  });
});
