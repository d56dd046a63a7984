import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { ask, oneService, simStats, startEngine, startWorker, until } from '../worker-harness.ts';
import type { Engine, HttpReply } from '../worker-harness.ts';
import { scrape } from './read-metrics.ts';

const M = { service: 'm', version: 'default', replica: 'm-engine-0' };
const REQUESTS = 'llm_ops_requests_total';

async function setFaults(engine: Engine, faults: object): Promise<void> {
  assert.equal((await ask(`${engine.url}/sim/faults`, { body: faults })).status, 200);
}

/** Asks, and leaves when the engine has as many requests at it. */
async function leaveWhen(url: string, engine: Engine, running: number): Promise<void> {
  const leaving = new AbortController();
  const { signal } = leaving;
  const reply = fetch(url, { method: 'POST', body: '{"prompt":"x"}', signal });
  await until('it is there', async () => (await simStats(engine))['running'] === running);
  leaving.abort();
  await assert.rejects(reply);
}

function usageOf(reply: HttpReply): { in: number; out: number } {
  const usage = reply.json['usage'] as Record<string, number>;
  return { in: usage['prompt_tokens'] ?? 0, out: usage['completion_tokens'] ?? 0 };
}

describe('the metrics', () => {
  it('count what was done: answers, refusals, failures, and their tokens', async (t) => {
    const engine = await startEngine(t, { answerTokens: 12, itlMs: 1 });
    const { url } = await startWorker(t, oneService('m', engine.url));
    await until('ready', async () => (await ask(`${url}/ready`)).status === 200);

    const whole = await ask(`${url}/worker_generate`, { body: { prompt: 'one' } });
    const short = await ask(`${url}/worker_generate`, {
      body: { prompt: 'two', max_new_tokens: 5 },
    });
    await ask(`${url}/worker_generate_stream`, { body: { prompt: 'three' } });
    await ask(`${url}/api/worker_generate`, { body: { prompt: 'four', temperature: -1 } });
    await ask(`${url}/worker_generate`, { body: { prompt: 'five', temperature: -1 } });
    await ask(`${url}/api/worker_generate`, { raw: '{"prompt":' });
    await setFaults(engine, { die_at_token: 3, times: 1 });
    await ask(`${url}/api/worker_generate_stream`, { body: { prompt: 'six' } });
    await ask(`${url}/worker_status`);

    const metrics = await scrape(url);
    const outcomes = (outcome: string): number => metrics.sum(REQUESTS, { ...M, outcome });
    assert.equal(outcomes('stop'), 2);
    assert.equal(outcomes('length'), 1);
    assert.equal(outcomes('engine_failed'), 1);
    const refused = { service: 'm', version: '', replica: '' };
    assert.equal(metrics.sum(REQUESTS, { ...refused, outcome: 'param_out_of_range' }), 2);
    assert.equal(metrics.sum(REQUESTS, { ...refused, outcome: 'invalid_request' }), 1);
    assert.equal(metrics.sum(REQUESTS), 7);
    const [one, two] = [usageOf(whole), usageOf(short)];
    const tokensOut = metrics.sum('llm_ops_completion_tokens_total', M);
    assert.ok(tokensOut >= 2 * one.out + two.out, `${tokensOut}`);
    assert.ok(tokensOut <= 2 * one.out + two.out + 3, `${tokensOut}`);
    assert.ok(metrics.sum('llm_ops_prompt_tokens_total', M) >= 2 * one.in + two.in);
    assert.equal(metrics.sum('llm_ops_time_to_first_token_seconds_count', M), 4);
    assert.equal(metrics.sum('llm_ops_request_duration_seconds_count', M), 4);
    assert.equal(metrics.sum('llm_ops_queue_seconds_count', M), 4);
    assert.ok(metrics.sum('llm_ops_text_gap_seconds_count', M) > 10);
    assert.ok(metrics.sum('llm_ops_reply_bytes_total', M) > whole.bytes.length);
  });

  it('count who left, by the phase, with the tokens that were made, and are back at 0 then', async (t) => {
    const engine = await startEngine(t, { answerTokens: 5_000, itlMs: 2, contextLength: 10_000 });
    const config = oneService('m', engine.url, { concurrency: 1 });
    const { url } = await startWorker(t, config);
    const stream = `${url}/worker_generate_stream`;
    await until('ready', async () => (await ask(`${url}/ready`)).status === 200);

    let during: Awaited<ReturnType<typeof scrape>> | null = null;
    let isLeaving = false;
    await ask(stream, {
      body: { prompt: 'x', max_new_tokens: 5_000 },
      onData: (bytes, leave) => {
        if (isLeaving || !bytes.includes('completion_tokens')) return;
        isLeaving = true;
        void (async () => {
          const queued = new AbortController();
          const { signal } = queued;
          const waiting = fetch(stream, { method: 'POST', body: '{"prompt":"x"}', signal });
          await until('it waits', async () => {
            during = await scrape(url);
            return during.sum('llm_ops_queue_length') === 1;
          });
          queued.abort();
          await assert.rejects(waiting);
          await until('it is counted', async () => (await scrape(url)).sum(REQUESTS) === 1);
          leave();
        })();
      },
    });
    await until('it is counted', async () => (await scrape(url)).sum(REQUESTS) === 2);
    await setFaults(engine, { stall_at_token: 0 });
    await leaveWhen(stream, engine, 1);
    await until('it is counted', async () => (await scrape(url)).sum(REQUESTS) === 3);

    const metrics = await scrape(url);
    const phase = (name: string): number => metrics.sum('llm_ops_aborts_total', { phase: name });
    assert.deepEqual(
      ['queued', 'before_first_text', 'mid_stream'].map((name) => phase(name)),
      [1, 1, 1],
    );
    assert.equal(metrics.sum(REQUESTS, { outcome: 'client_left' }), 3);
    assert.ok(metrics.sum('llm_ops_completion_tokens_total', M) > 0);
    const busy = during as unknown as Awaited<ReturnType<typeof scrape>>;
    assert.equal(busy.sum('llm_ops_requests_in_progress', M), 1);
    assert.equal(busy.sum('llm_ops_requests_in_progress'), 2);
    assert.equal(busy.sum('llm_ops_slots_taken'), 1);
    assert.equal(busy.sum('llm_ops_replica_requests_in_progress', M), 1);
    assert.ok(busy.sum('llm_ops_completion_tokens_total', M) > 0, 'before the answer ended');
    for (const gauge of [
      'llm_ops_requests_in_progress',
      'llm_ops_slots_taken',
      'llm_ops_queue_length',
      'llm_ops_replica_requests_in_progress',
    ])
      await until(`${gauge} is 0`, async () => (await scrape(url)).sum(gauge) === 0);
  });

  it('show an engine that broke, and one that is back', async (t) => {
    const engine = await startEngine(t);
    const { url } = await startWorker(t, oneService('m', engine.url));
    const state = async (name: string): Promise<number> =>
      (await scrape(url)).sum('llm_ops_replica_state', { ...M, state: name });
    await until('ready', async () => (await state('ready')) === 1);
    assert.equal((await scrape(url)).sum('llm_ops_ejections_total'), 0);

    await engine.close();
    await ask(`${url}/worker_generate`, { body: { prompt: 'x' } });

    await until('down', async () => (await state('down')) === 1);
    const metrics = await scrape(url);
    assert.equal(metrics.sum('llm_ops_replica_state', M), 1, 'one state at a time');
    assert.equal(metrics.sum('llm_ops_ejections_total', { ...M, reason: 'down' }), 1);
    assert.equal(metrics.sum(REQUESTS, { outcome: 'engine_unavailable' }), 1);
    const { port } = new URL(engine.url);
    await startEngine(t, { port: Number(port) });
    await until('ready again', async () => (await state('ready')) === 1);
    assert.equal((await scrape(url)).sum('llm_ops_ejections_total'), 1);
  });

  it('lose the series of what left the configuration, and keep the others', async (t) => {
    const engine = await startEngine(t);
    const both = (...names: readonly string[]): WorkerConfigInput => ({
      role: 'gateway',
      services: names.flatMap((name) => oneService(name, engine.url).services),
    });
    const worker = await startWorker(t, both('one', 'two'));
    for (const name of ['one', 'two'])
      await until('it answers', async () => {
        const body = { prompt: 'x', max_new_tokens: 3 };
        const { status } = await ask(`${worker.url}/api/${name}/worker_generate`, { body });
        return status === 200;
      });
    const before = await scrape(worker.url);
    assert.equal(before.sum(REQUESTS, { service: 'one', outcome: 'length' }), 1);

    await worker.configure(both('two'));

    await until('it is gone', async () => !(await scrape(worker.url)).text.includes('"one"'));
    const after = await scrape(worker.url);
    assert.ok(!after.text.includes('one-engine-0'));
    assert.equal(after.sum(REQUESTS, { service: 'two', outcome: 'length' }), 1);
  });

  it('have no word of what clients send', async (t) => {
    const engine = await startEngine(t);
    const config = { ...oneService('m', engine.url), role: 'gateway' as const };
    const { url } = await startWorker(t, config);
    const body = { prompt: 'xyzzy', model_identifier: 'plugh', stop: ['frobnicate'] };

    for (const path of ['/api/m/worker_generate', '/api/plugh/worker_generate', '/plugh?xyzzy'])
      await ask(url + path, { body, headers: { 'x-request-id': 'plugh', 'user-agent': 'xyzzy' } });

    const { text } = await scrape(url);
    assert.doesNotMatch(text, /xyzzy|plugh|frobnicate/);
  });

  it('are not for who comes through the front door', async (t) => {
    const { url } = await startWorker(t, oneService('m', 'http://127.0.0.1:9'));

    for (const name of ['x-forwarded-host', 'x-forwarded-prefix']) {
      const reply = await ask(`${url}/metrics`, { headers: { [name]: '/api/m' } });
      assert.equal(reply.status, 404);
      assert.doesNotMatch(reply.text, /llm_ops/);
    }
    assert.equal((await ask(`${url}/api/metrics`)).status, 404);
    assert.ok((await scrape(url)).sum('llm_ops_nodejs_eventloop_lag_seconds') >= 0);
  });
});
