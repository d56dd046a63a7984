import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';

import type { RequestRecord } from '../../../src/engine-server/core/request-log.ts';
import type { RunningEngine } from '../../../src/engine-server/serve.ts';
import {
  getJson,
  openPost,
  post,
  readUntilBroken,
  replyOf,
  setFaults,
  startEngine,
  type Stats,
  statsOf,
  statsWhen,
} from '../engine-client.ts';

const LONG = { prompt: 'Hello', ignore_eos: true, max_tokens: 4000, stream: true };

const sum = (numbers: object) =>
  Object.values(numbers as Record<string, number>).reduce((all, one) => all + one, 0);

/** What holds at every moment. */
function assertInvariants(stats: Stats): void {
  const { waiting, running, completed, aborted, failed } = stats;
  assert.equal(stats.requests, waiting + running + completed + aborted + failed);
  const {
    aborted_waiting: early,
    aborted_before_first_token: late,
    aborted_mid_stream: mid,
  } = stats;
  assert.equal(aborted, early + late + mid);
  assert.equal(failed, sum(stats.failed_by));
  assert.equal(completed, sum(stats.finished));
  assert.ok(stats.peak_running >= running);
}

async function lastRequests(
  engine: RunningEngine,
  last: number,
): Promise<readonly RequestRecord[]> {
  const body = await getJson(`${engine.url}/sim/requests?last=${last}`);
  return (body as { requests: readonly RequestRecord[] }).requests;
}

describe('the counters of an engine', () => {
  it('tell in which phase a client left', async (t) => {
    const engine = await startEngine(t, { maxConcurrent: 1, ttftMs: 600_000 });
    const url = `${engine.url}/v1/completions`;
    const first = openPost(url, LONG);
    await statsWhen(engine, ({ running }) => running === 1);
    const queued = openPost(url, LONG);
    await statsWhen(engine, ({ waiting }) => waiting === 1);
    assertInvariants(await statsOf(engine));
    queued.destroy();
    await statsWhen(engine, (stats) => stats.aborted_waiting === 1);
    first.destroy();
    await statsWhen(engine, (stats) => stats.aborted_before_first_token === 1);
    const other = await startEngine(t, { itlMs: 5 });
    const streaming = openPost(`${other.url}/v1/completions`, LONG);
    await statsWhen(other, ({ completion_tokens: tokens }) => tokens > 2);
    assertInvariants(await statsOf(other));
    streaming.destroy();
    const left = await statsWhen(other, ({ aborted }) => aborted === 1);
    assert.equal(left.aborted_mid_stream, 1);
    assertInvariants(left);
    const { aborted, peak_waiting: peak, ...stats } = await statsOf(engine);
    assert.deepEqual([aborted, stats.aborted_mid_stream, peak], [2, 0, 1]);
    const whys = (await lastRequests(engine, 9)).map(({ outcome, why }) => [outcome, why]);
    assert.deepEqual(whys, [
      ['aborted', 'before_first_token'],
      ['aborted', 'waiting'],
    ]);
  });

  it('hold at every moment, whatever happens to the requests', async (t) => {
    const engine = await startEngine(t, { maxConcurrent: 3, maxWaiting: 4, itlMs: 1 });
    await setFaults(engine, {
      rules: [
        { match: 'die', die_at_token: 2 },
        { match: 'byte', die_at_byte: 300 },
        { match: 'half', half_event_at_token: 1 },
        { match: 'no', status: 429 },
        { match: 'late', slow_reply_ms: 5 },
      ],
    });
    const url = `${engine.url}/v1/completions`;
    const kinds = ['die', 'byte', 'half', 'no', 'late', 'fine', 'leave'];
    const calls = Array.from({ length: 42 }, async (_, i) => {
      const kind = kinds[i % kinds.length] ?? '';
      const call = openPost(url, { prompt: `${kind} ${i}`, max_tokens: 20, stream: i % 2 === 0 });
      if (kind === 'leave') setTimeout(() => call.destroy(), i);
      await replyOf(call).then(readUntilBroken, () => undefined);
      assertInvariants(await statsOf(engine));
    });
    await Promise.all(calls);
    const stats = await statsWhen(engine, ({ running, waiting }) => running + waiting === 0);
    assertInvariants(stats);
    assert.ok(stats.requests > 30 && stats.requests <= 42);
    assert.ok(stats.failed > 0 && stats.completed > 0);
    const records = await lastRequests(engine, 100);
    assert.equal(records.length, stats.requests);
    const tokens = records.reduce((all, record) => all + record.tokens, 0);
    assert.equal(tokens, stats.completion_tokens);
    for (const kind of ['completed', 'aborted', 'failed'] as const) {
      assert.equal(records.filter(({ outcome }) => outcome === kind).length, stats[kind], kind);
    }
  });

  it('count each byte and event that a client reads', async (t) => {
    const engine = await startEngine(t);
    let bytes = 0;
    let events = 0;
    for (const body of [
      { prompt: 'Hello', max_tokens: 30, stream: true, stream_options: { include_usage: true } },
      { prompt: 'Wörter 🙂', max_tokens: 100, stream: true },
      { prompt: 'Hello', max_tokens: 30 },
    ]) {
      const call = openPost(`${engine.url}/v1/completions`, body);
      const read = await readUntilBroken(await replyOf(call));
      const text = Buffer.concat(read.chunks);
      bytes += text.length;
      events += text.toString().split('\n\n').length - 1;
    }
    const { bytes_sent: sent, events_sent: sentEvents } = await statsOf(engine);
    assert.deepEqual([sent, sentEvents], [bytes, events]);
  });

  it('refuse beyond the queue with 503, as a server that is full', async (t) => {
    const engine = await startEngine(t, { maxConcurrent: 1, maxWaiting: 1, ttftMs: 600_000 });
    const url = `${engine.url}/v1/completions`;
    const calls = [openPost(url, LONG)];
    await statsWhen(engine, ({ running }) => running === 1);
    calls.push(openPost(url, LONG));
    await statsWhen(engine, ({ waiting }) => waiting === 1);
    for (const stream of [true, false]) {
      const { status, body } = await post(url, { prompt: 'x', stream });
      assert.equal(status, 503);
      assert.match(JSON.stringify(body), /"type":"ServiceUnavailableError"/);
    }
    const stats = await statsOf(engine);
    assertInvariants(stats);
    assert.deepEqual([stats.failed_by.queue_full, stats.peak_waiting], [2, 1]);
    for (const call of calls) call.destroy();
  });

  it('count connections while they are open', async (t) => {
    const engine = await startEngine(t);
    const { port, hostname } = new URL(engine.url);
    const sockets = Array.from({ length: 30 }, () => connect(Number(port), hostname));
    // The asker's own are few.
    const open = await statsWhen(engine, (stats) => stats.open_connections > 30);
    assert.ok(open.open_connections > 30);
    for (const socket of sockets) socket.destroy();
    const left = await statsWhen(engine, (stats) => stats.open_connections < 10);
    assert.ok(left.open_connections < 10);
  });

  it('tell what the prefix cache spared, by vLLM’s names too', async (t) => {
    const engine = await startEngine(t);
    const prompt = Array.from({ length: 40 }, (_, i) => i);
    const ask = () => post(`${engine.url}/v1/completions`, { prompt, max_tokens: 3 });
    await ask();
    await ask();
    const { prefix_cache_queries: queries, prefix_cache_hits: hits } = await statsOf(engine);
    assert.deepEqual([queries, hits], [80, 32]);
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    assert.match(metrics, /^vllm:prefix_cache_queries_total\{.*\} 80$/m);
    assert.match(metrics, /^vllm:prefix_cache_hits_total\{.*\} 32$/m);
    const without = await startEngine(t, { prefixCache: false });
    await post(`${without.url}/v1/completions`, { prompt });
    assert.equal((await statsOf(without)).prefix_cache_queries, 0);
  });
});

describe('the requests that an engine remembers', () => {
  it('are told as they came, with what became of them', async (t) => {
    const engine = await startEngine(t, { remember: 2 });
    const url = `${engine.url}/v1/completions`;
    for (const id of ['a', 'b', 'c']) {
      await post(url, { prompt: 'Hello', max_tokens: 4, request_id: id, extra: [1] });
    }
    const [first, second, ...others] = await lastRequests(engine, 5);
    assert.deepEqual(others, []);
    assert.equal(first?.id, 'cmpl-b');
    const { arrived_ms: arrived, first_token_ms: token, ended_ms: ended, ...rest } = second!;
    assert.deepEqual(rest, {
      path: '/v1/completions',
      id: 'cmpl-c',
      body: { prompt: 'Hello', max_tokens: 4, request_id: 'c', extra: [1] },
      outcome: 'completed',
      why: 'length',
      tokens: 4,
    });
    assert.ok(token !== null && ended !== null && arrived <= token && token <= ended);
    assert.equal((await lastRequests(engine, 1))[0]?.id, 'cmpl-c');
    assert.equal((await fetch(`${engine.url}/sim/requests?last=x`)).status, 400);
  });
});
