import assert from 'node:assert/strict';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { LlmOpsError } from '../../../src/errors.ts';
import { Departures } from '../../../src/worker/http/departure.ts';

const STOPPING = { code: 'stopping', details: { retry_after_s: 5 } };

describe('the end of what is under way', () => {
  it('tells who was cut off when to come again', () => {
    const departures = new Departures();
    const signal = departures.watch(new ServerResponse(new IncomingMessage(new Socket())));

    departures.stopAll();

    const { code, details } = signal.reason as LlmOpsError;
    assert.deepEqual({ code, details }, STOPPING);
  });

  it('is the end: nothing begins that nobody would end any more', () => {
    const departures = new Departures();
    departures.assertOpen();

    departures.stopAll();

    assert.throws(() => departures.assertOpen(), STOPPING);
  });
});
