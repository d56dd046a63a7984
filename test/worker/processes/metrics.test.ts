/** What is counted is the worker's: each request once, and nothing goes down when a process dies. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scrape } from '../metrics/read-metrics.ts';
import { ask, oneService, startEngine, until } from '../worker-harness.ts';
import { answersLogged, SERVERS, startThreeServers, timesListening } from './three-servers.ts';

const body = { prompt: 'Hello', echo: false, max_new_tokens: 7 };

describe('the metrics of three processes', () => {
  it('count each request once, by its outcome, and say the same whoever is asked', async (t) => {
    const engine = await startEngine(t, { contextLength: 10_000 });
    const worker = await startThreeServers(t, oneService('m', engine.url, { template: null }));
    const { url } = worker;
    const good = Array.from({ length: 24 }, () => ask(`${url}/api/worker_generate`, { body }));
    const bad = Array.from({ length: 9 }, () =>
      ask(`${url}/api/worker_generate`, { body: { ...body, temperature: -1 } }),
    );
    assert.deepEqual(
      new Set((await Promise.all(good)).map(({ status }) => status)),
      new Set([200]),
    );
    assert.deepEqual(new Set((await Promise.all(bad)).map(({ status }) => status)), new Set([400]));
    await until('all are counted', async () => {
      return (await scrape(url)).sum('llm_ops_requests_total') === 33;
    });

    // By turns each server is asked.
    for (let i = 0; i < 2 * SERVERS; i += 1) {
      const { sum, samples } = await scrape(url);
      const answered = { service: 'm', version: 'default', replica: 'm-engine-0' };
      assert.equal(sum('llm_ops_requests_total', { ...answered, outcome: 'length' }), 24);
      assert.equal(sum('llm_ops_requests_total', { outcome: 'param_out_of_range' }), 9);
      assert.equal(sum('llm_ops_completion_tokens_total', answered), 24 * 7);
      assert.equal(sum('llm_ops_request_duration_seconds_count', answered), 24);
      assert.equal(sum('llm_ops_text_gap_seconds_bucket', { ...answered, le: '+Inf' }), 24 * 6);
      assert.equal(sum('llm_ops_requests_in_progress'), 0);
      assert.equal(sum('llm_ops_slots_taken'), 0);
      assert.equal(sum('llm_ops_replica_state', { state: 'ready' }), 1);
      const processes = samples.filter(({ name }) => name === 'llm_ops_process_open_fds');
      assert.deepEqual(
        processes.map(({ labels }) => labels['process']),
        ['owner', '1', '2', '3'],
      );
    }
    assert.equal(new Set(answersLogged(worker).map(({ pid }) => pid)).size, SERVERS);
  });

  it('keep what a process counted that was killed', async (t) => {
    const engine = await startEngine(t);
    const worker = await startThreeServers(t, oneService('m', engine.url, { template: null }));
    const { url } = worker;
    for (let i = 0; i < 12; i += 1) await ask(`${url}/api/worker_generate`, { body });
    await until('all are counted', async () => {
      return (await scrape(url)).sum('llm_ops_requests_total') === 12;
    });

    for (let killed = 1; killed <= 2; killed += 1) {
      const [pid] = await worker.servers();
      process.kill(pid!, 'SIGKILL');
      await until('another listens', () => timesListening(worker) === SERVERS + killed);
      for (let i = 0; i < SERVERS; i += 1) {
        const { sum } = await scrape(url);
        assert.equal(sum('llm_ops_requests_total', { outcome: 'length' }), 12);
        assert.equal(sum('llm_ops_completion_tokens_total'), 12 * 7);
        assert.equal(sum('llm_ops_requests_in_progress'), 0);
      }
    }

    await ask(`${url}/api/worker_generate`, { body });
    await until('it goes on', async () => {
      return (await scrape(url)).sum('llm_ops_requests_total') === 13;
    });
  });

  it('tell by themselves what was counted, before anybody asks', async (t) => {
    const engine = await startEngine(t);
    const worker = await startThreeServers(t, oneService('m', engine.url, { template: null }));
    for (let i = 0; i < 6; i += 1) await ask(`${worker.url}/api/worker_generate`, { body });
    // Twice as long as what may be lost.
    await new Promise((resolve) => setTimeout(resolve, 4_000));

    const [, ...killed] = await worker.servers();
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    await until('others listen', () => timesListening(worker) === SERVERS + killed.length);

    const { sum } = await scrape(worker.url);
    assert.equal(sum('llm_ops_requests_total', { outcome: 'length' }), 6);
  });
});
