/** Places are those of the worker, however many processes give them out. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, startWorker, until } from '../worker-harness.ts';
import type { HttpReply } from '../worker-harness.ts';
import { type GatedEngine, startGatedEngine } from './gated-engine.ts';
import { answersLogged, serviceOf, SERVERS, startThreeServers } from './three-servers.ts';

const generate = (url: string, prompt: string): Promise<HttpReply> =>
  ask(`${url}/api/worker_generate`, { body: { prompt, echo: false } });

async function queueLength(url: string): Promise<number> {
  return Number((await ask(`${url}/worker_status`)).json['queue_length']);
}

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `prompt ${n}`);

describe('three processes', () => {
  it('let no more requests to the engine than one would, and answer all', async (t) => {
    const engine = await startGatedEngine(t);
    const config = serviceOf([engine.url], { version: { concurrency: 4 } });
    const worker = await startThreeServers(t, config);

    const replies = names(40).map((prompt) => generate(worker.url, prompt));
    await until('all are there', async () => (await queueLength(worker.url)) === 40);
    await until('four are at the engine', () => engine.running === 4);
    engine.open();
    for (const { status, text } of await Promise.all(replies)) assert.equal(status, 200, text);

    assert.equal(engine.peak, 4);
    assert.deepEqual([...engine.prompts].sort(), names(40).sort());
    await until('all places are free', async () => (await queueLength(worker.url)) === 0);
    await until('all are logged', () => answersLogged(worker).length === 40);
    assert.equal(new Set(answersLogged(worker).map(({ pid }) => pid)).size, SERVERS);
  });

  it('let in first who came first, whichever of them they came to', async (t) => {
    const engine = await startGatedEngine(t);
    const config = serviceOf([engine.url], { version: { concurrency: 1 } });
    const worker = await startThreeServers(t, config);
    const replies: Promise<HttpReply>[] = [];
    for (const prompt of names(12)) {
      replies.push(generate(worker.url, prompt));
      await until('it waits', async () => (await queueLength(worker.url)) === replies.length);
    }

    engine.open();
    await Promise.all(replies);

    assert.deepEqual(engine.prompts, names(12));
    await until('all are logged', () => answersLogged(worker).length === 12);
    assert.equal(new Set(answersLogged(worker).map(({ pid }) => pid)).size, SERVERS);
  });

  for (const whose of ['service', 'version'] as const)
    it(`refuse who is too many for the queue of the ${whose}, in the words of one`, async (t) => {
      const ask10 = async (workerUrl: string, engine: GatedEngine) => {
        let refused = 0;
        const replies = names(10).map(async (prompt) => {
          const reply = await generate(workerUrl, prompt);
          if (reply.status !== 200) {
            assert.equal(reply.status, 429, JSON.stringify(reply.json));
            refused += 1;
          }
          return reply;
        });
        await until('the others are refused', () => refused === 5);
        // Servers hear of each other's places a turn later.
        await until('five are counted', async () => (await queueLength(workerUrl)) === 5);
        // A place is taken before its request is there.
        await until('two are being answered', () => engine.running === 2);
        engine.open();
        return Promise.all(replies);
      };
      const limits = { [whose]: { concurrency: 2, queue_length: 3 } };
      const [first, second] = [await startGatedEngine(t), await startGatedEngine(t)];
      const many = await startThreeServers(t, serviceOf([first.url], limits));
      const one = await startWorker(t, serviceOf([second.url], limits));

      const [byMany, byOne] = [await ask10(many.url, first), await ask10(one.url, second)];

      const refusals = (replies: readonly HttpReply[]) =>
        replies
          .filter(({ status }) => status !== 200)
          .map(({ status, headers, json }) => ({ status, after: headers['retry-after'], json }));
      assert.equal(byMany.filter(({ status }) => status === 200).length, 5);
      assert.deepEqual(refusals(byMany), refusals(byOne));
      assert.equal(refusals(byMany)[0]?.status, 429);
      assert.equal(first.peak, 2);
    });

  it('give back the place of a client that leaves while it waits, and of one that leaves its answer', async (t) => {
    const engine = await startGatedEngine(t);
    const config = serviceOf([engine.url], { version: { concurrency: 1, queue_length: 2 } });
    const worker = await startThreeServers(t, config);
    const leaving = [1, 2, 3].map(() => new AbortController());
    for (const [at, { signal }] of leaving.entries()) {
      const body = JSON.stringify({ prompt: `leaves ${at}`, stream_mode: 'delta' });
      void fetch(`${worker.url}/worker_generate_stream`, { method: 'POST', body, signal }).catch(
        () => undefined,
      );
      await until('it is there', async () => (await queueLength(worker.url)) === at + 1);
    }

    for (const [at, each] of leaving.reverse().entries()) {
      each.abort();
      await until('it is gone', async () => (await queueLength(worker.url)) === 2 - at);
    }

    assert.deepEqual(engine.prompts, ['leaves 0']);
    engine.open();
    assert.equal((await generate(worker.url, 'stays')).status, 200);
  });
});
