/** Which engine a request goes to is decided with what all processes know together. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setFaults } from '../balance/replicated.ts';
import { scrape } from '../metrics/read-metrics.ts';
import { ask, oneService, simStats, startEngine, until } from '../worker-harness.ts';
import { startGatedEngine } from './gated-engine.ts';
import { answersLogged, serviceOf, SERVERS, startThreeServers } from './three-servers.ts';

describe('three processes before several engines', () => {
  it('send a beginning where it went before, though another of them took it', async (t) => {
    const engines = await Promise.all(
      [1, 2, 3, 4].map(() => startGatedEngine(t, { isOpen: true })),
    );
    const worker = await startThreeServers(t, serviceOf(engines.map(({ url }) => url)));
    // Fewer than engines, so that turns alone would bring none back.
    const beginnings = ['a', 'b', 'c'].map((letter) => letter.repeat(600));
    for (let round = 0; round < 6; round += 1)
      for (const beginning of beginnings) {
        const body = { prompt: `${beginning}${round}`, echo: false };
        assert.equal((await ask(`${worker.url}/api/worker_generate`, { body })).status, 200);
      }

    for (const beginning of beginnings) {
      const homes = engines.filter(({ prompts }) =>
        prompts.some((prompt) => prompt.startsWith(beginning)),
      );
      assert.equal(homes.length, 1);
    }
    // Those that nobody knew yet went to the least busy ones, by turns.
    assert.deepEqual(engines.map(({ prompts }) => prompts.length).sort(), [0, 6, 6, 6]);
    await until('all are logged', () => answersLogged(worker).length === 18);
    assert.equal(new Set(answersLogged(worker).map(({ pid }) => pid)).size, SERVERS);
  });

  it('spread what is under way by what all of them have there', async (t) => {
    const engines = await Promise.all([1, 2, 3].map(() => startGatedEngine(t)));
    const worker = await startThreeServers(t, serviceOf(engines.map(({ url }) => url)));
    const replies = Array.from({ length: 30 }, () =>
      ask(`${worker.url}/api/worker_generate`, { body: { prompt: 'x' } }),
    );
    await until('all are there', () => engines.every(({ running }) => running === 10));
    const { sum } = await scrape(worker.url);
    for (const replica of ['engine-0', 'engine-1', 'engine-2'])
      assert.equal(sum('llm_ops_replica_requests_in_progress', { replica }), 10);
    for (const engine of engines) engine.open();
    for (const { status } of await Promise.all(replies)) assert.equal(status, 200);
  });

  it('try another engine where one fails, and all leave it out once it failed for any of them', async (t) => {
    const [broken, well] = [await startEngine(t), await startEngine(t)];
    const worker = await startThreeServers(t, serviceOf([broken.url, well.url]));
    await setFaults(broken.url, { status: 500 });
    for (let i = 0; i < 18; i += 1) {
      const body = { prompt: 'x', max_new_tokens: 2 };
      const reply = await ask(`${worker.url}/api/worker_generate`, { body });
      assert.equal(reply.status, 200, reply.text);
    }
    const { sum } = await scrape(worker.url);
    assert.equal(sum('llm_ops_requests_total', { outcome: 'length' }), 18);
    // Three failures in all, not three of each process, take it out.
    assert.equal(sum('llm_ops_retries_total', { replica: 'engine-1' }), 3);
    assert.equal(sum('llm_ops_ejections_total', { replica: 'engine-0', reason: 'failing' }), 1);
    assert.equal(sum('llm_ops_replica_requests_in_progress'), 0);
  });

  it('refuse with what the engine is doing, in every process', async (t) => {
    const engine = await startEngine(t);
    const worker = await startThreeServers(t, oneService('m', engine.url, { template: null }));
    await engine.close();
    const replies = [];
    for (let i = 0; i < 2 * SERVERS; i += 1)
      replies.push(await ask(`${worker.url}/api/worker_generate`, { body: { prompt: 'x' } }));

    for (const { status, json } of replies) {
      assert.equal(status, 503);
      assert.equal(json['error_message'], 'm: the engine does not answer');
      assert.deepEqual(json['replicas'], { 'm-engine-0': 'down' });
    }
    for (let i = 0; i < SERVERS; i += 1)
      assert.equal((await ask(`${worker.url}/ready`)).status, 503);
  });
});

describe('a configuration that changes under load', () => {
  it('reaches all processes, and fails nobody', async (t) => {
    const [first, second] = [await startEngine(t), await startEngine(t)];
    const worker = await startThreeServers(t, oneService('m', first.url, { template: null }));
    let [isOver, answered] = [false, 0];
    const load = Array.from({ length: 6 }, async () => {
      while (!isOver) {
        const body = { prompt: 'x', max_new_tokens: 5 };
        const reply = await ask(`${worker.url}/api/worker_generate`, { body });
        assert.equal(reply.status, 200, reply.text);
        answered += 1;
      }
    });
    for (const engine of [second, first, second]) {
      const before = (await simStats(engine))['requests'] ?? 0;
      await worker.configure(oneService('m', engine.url, { template: null, concurrency: 3 }));
      await until('it is used', async () => ((await simStats(engine))['requests'] ?? 0) > before);
      const sofar = answered;
      await until('it goes on', () => answered > sofar + 20);
    }
    isOver = true;
    await Promise.all(load);

    const all = [await simStats(first), await simStats(second)];
    const requests = all.reduce((sum, stats) => sum + (stats['requests'] ?? 0), 0);
    assert.equal(requests, answered);
    await until('all are counted', async () => {
      return (await scrape(worker.url)).sum('llm_ops_slots_limit') === 3;
    });
  });

  it('opens and closes the door for tokens in all processes', async (t) => {
    const engine = await startEngine(t);
    const entry = (id: string) => ({ id, sha256: createHash('sha256').update(id).digest('hex') });
    const worker = await startThreeServers(t, oneService('m', engine.url, { template: null }), {
      files: { 'tokens.json': JSON.stringify({ tokens: [entry('old')] }) },
    });
    const statuses = async (token: string): Promise<readonly number[]> => {
      const replies = [];
      for (let i = 0; i < 2 * SERVERS; i += 1)
        replies.push(
          await ask(`${worker.url}/api/worker_generate`, {
            body: { prompt: 'x', max_new_tokens: 1 },
            headers: { authorization: `Bearer ${token}` },
          }),
        );
      return [...new Set(replies.map(({ status }) => status))];
    };
    assert.deepEqual([await statuses('old'), await statuses('new')], [[200], [401]]);

    const { configDirectory } = worker.options;
    await writeFile(join(configDirectory, 'next'), JSON.stringify({ tokens: [entry('new')] }));
    await rename(join(configDirectory, 'next'), join(configDirectory, 'tokens.json'));

    await until('the new one opens', async () => (await statuses('new')).join() === '200');
    assert.deepEqual(await statuses('old'), [401]);
  });
});
