/** A worker of several processes ends as one process does: in order, and in time. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, oneService, startEngine, toFrames, until } from '../worker-harness.ts';
import { SERVERS, startThreeServers } from './three-servers.ts';

const slow = { answerTokens: 300, itlMs: 20, contextLength: 10_000 };
const body = { prompt: 'Hello', max_new_tokens: 300 };

describe('three processes that are to end', () => {
  it('finish their streams, begin none, and tell whoever asks any of them', async (t) => {
    const engine = await startEngine(t, slow);
    const config = oneService('m', engine.url, { template: null });
    const worker = await startThreeServers(t, config, { drainMs: 600_000 });
    const { url } = worker;
    const begun = Promise.withResolvers<null>();
    const stream = ask(`${url}/worker_generate_stream`, {
      body,
      onData: () => begun.resolve(null),
    });
    await begun.promise;

    const closed = worker.close();
    await until('it stops', async () => (await ask(`${url}/ready`)).json['status'] === 'stopping');
    // Who has nothing more to do stops to listen: those that do not are asked.
    const refused = await ask(`${url}/api/worker_generate`, { body });
    const health = await ask(`${url}/health`);

    assert.equal((refused.json['error'] as Record<string, unknown>)['code'], 'stopping');
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '5']);
    assert.equal(health.status, 200);
    assert.equal(toFrames(await stream).at(-1)?.finish_reason, 'stop');
    await closed;
    assert.deepEqual(await worker.ended, [0, null]);
    await assert.rejects(ask(`${url}/health`));
  });

  it('end what takes longer than it may with a word', async (t) => {
    const engine = await startEngine(t, slow);
    const config = oneService('m', engine.url, { template: null });
    const worker = await startThreeServers(t, config, { drainMs: 200 });
    let begun = 0;
    const streams = Array.from({ length: 2 * SERVERS }, () => {
      let isFirst = true;
      const onData = (): void => {
        if (isFirst) begun += 1;
        isFirst = false;
      };
      return ask(`${worker.url}/worker_generate_stream`, { body, onData });
    });
    await until('all have begun', () => begun === 2 * SERVERS);

    await worker.close();

    for (const reply of await Promise.all(streams))
      assert.equal(toFrames(reply).at(-1)?.error?.code, 'stopping');
    assert.deepEqual(await worker.ended, [0, null]);
  });

  it('are not ended by signals for them that are meant for the worker', async (t) => {
    const engine = await startEngine(t, { answerTokens: 50, itlMs: 20 });
    const config = oneService('m', engine.url, { template: null });
    const worker = await startThreeServers(t, config, { drainMs: 600_000 });
    const begun = Promise.withResolvers<null>();
    const stream = ask(`${worker.url}/worker_generate_stream`, {
      body: { ...body, max_new_tokens: 50 },
      onData: () => begun.resolve(null),
    });
    await begun.promise;

    // As a terminal does with Ctrl-C, and a service manager with a group.
    for (const pid of await worker.servers())
      for (const signal of ['SIGINT', 'SIGTERM']) process.kill(pid, signal);
    const closed = worker.close();

    assert.equal(toFrames(await stream).at(-1)?.finish_reason, 'stop');
    await closed;
    assert.deepEqual(await worker.ended, [0, null]);
  });
});
