import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { LlmOpsError } from '../../../src/errors.ts';
import type { DeltaSink } from '../../../src/engines/engine.ts';
import { Replica } from '../../../src/worker/live/replica.ts';
import { startEngine, until } from '../worker-harness.ts';

const READER: DeltaSink = { begin: () => undefined, push: () => true };
const DELTA = { text: 'x', usage: null, finishReason: null } as const;

describe('a replica whose engine is too busy to say that it is well', () => {
  it('stays ready for two looks, and counts as loading after the third', async (t) => {
    let isBusy = false;
    const server = createServer((_request, response) => {
      if (!isBusy) response.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const replica = new Replica(
      { id: 'm-engine-0', url, engine: 'sim', model: 'm' },
      { idleTimeoutMs: 60_000 },
    );
    t.after(() => replica.close());
    assert.equal(await replica.probe(), 'ready');

    isBusy = true;

    assert.equal(await replica.probe(), 'ready');
    assert.equal(await replica.probe(), 'ready');
    assert.equal(await replica.probe(), 'loading');
    isBusy = false;
    assert.equal(await replica.probe(), 'ready');
  });
});

/** A replica before a simulator, the states that it told of, and requests to it that end as they are told. */
async function startReplica(t: TestContext) {
  const engine = await startEngine(t);
  const told: string[] = [];
  const replica = new Replica(
    { id: 'm-engine-0', url: engine.url, engine: 'sim', model: null },
    { idleTimeoutMs: 60_000, onChange: ({ state }) => told.push(state) },
  );
  t.after(() => replica.close());
  await replica.probe();
  const { signal } = new AbortController();
  const serve = (act: (sink: DeltaSink) => void, by = signal): Promise<void> =>
    replica.serve({ sink: READER, signal: by }, (sink) => Promise.resolve(sink).then(act));
  const fail = (code: 'engine_failed' | 'engine_timeout' | 'engine_unavailable', text = false) =>
    assert.rejects(
      serve((sink) => {
        if (text) sink.push(DELTA);
        throw new LlmOpsError(code, '');
      }),
      { code },
    );
  return { replica, told, serve, fail };
}

describe('a replica', () => {
  it('that fails three times is out, and back when its engine made a token for a canary', async (t) => {
    const { replica, told, fail } = await startReplica(t);
    for (let i = 0; i < 3; i += 1) await fail('engine_failed');
    assert.deepEqual(told, ['ready', 'failing']);
    await until('it is back', () => replica.state === 'ready');
  });

  it('is not out when an answer came through between, when text had come, or when the client left', async (t) => {
    const { told, fail, serve } = await startReplica(t);
    for (let i = 0; i < 2; i += 1) await fail('engine_failed');
    await serve((sink) => sink.push(DELTA));
    for (let i = 0; i < 2; i += 1) await fail('engine_failed');
    for (let i = 0; i < 4; i += 1) await fail('engine_failed', true);
    const left = AbortSignal.abort(new Error('the client left'));
    for (let i = 0; i < 4; i += 1)
      await assert.rejects(
        serve(() => {
          throw new LlmOpsError('engine_failed', '');
        }, left),
      );
    assert.deepEqual(told, ['ready']);
  });

  it('where a request waited for nothing is out, unless others got something meanwhile', async (t) => {
    const { told, fail, replica } = await startReplica(t);
    const { promise, resolve } = Promise.withResolvers<null>();
    const { signal } = new AbortController();
    const waiting = replica.serve({ sink: READER, signal }, async () => {
      await promise;
      throw new LlmOpsError('engine_timeout', '');
    });
    await fail('engine_failed', true);
    resolve(null);
    await assert.rejects(waiting);
    assert.deepEqual(told, ['ready']);
    await fail('engine_timeout');
    assert.deepEqual(told, ['ready', 'stalled']);
  });

  it('that a request found gone is down, and looked at again at once', async (t) => {
    const { told, fail, replica } = await startReplica(t);
    await fail('engine_unavailable');
    assert.deepEqual(told, ['ready', 'down']);
    await until('it is back', () => replica.state === 'ready');
  });

  it('counts requests in until they end, however they do', async (t) => {
    const { replica, serve, fail } = await startReplica(t);
    await serve(() => assert.equal(replica.inFlight, 1));
    await fail('engine_failed');
    assert.equal(replica.inFlight, 0);
  });
});
