import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { RequestMetrics } from '../../../src/worker/metrics/request-metrics.ts';
import { RequestTrace } from '../../../src/worker/answer/request-trace.ts';
import { readMetrics } from './read-metrics.ts';
import type { Scraped } from './read-metrics.ts';

function start(): { metrics: RequestMetrics; read: () => Promise<Scraped> } {
  const registry = new Registry();
  const metrics = new RequestMetrics(registry);
  return { metrics, read: async () => readMetrics(await registry.metrics()) };
}

function traceAt(replica: string): RequestTrace {
  const trace = new RequestTrace();
  trace.service = 'm';
  trace.version = 'v';
  trace.replica = replica;
  trace.attempts = 1;
  return trace;
}

function ended(trace: RequestTrace, outcome: 'stop' | 'client_left') {
  return { trace, client: '::1', outcome, bytes: 100, endedAt: performance.now() };
}

const piece = (text: string, completionTokens: number) => ({
  text,
  usage: { promptTokens: 7, completionTokens },
  finishReason: null,
});

describe('the metrics of requests', () => {
  it('count tokens while an answer goes on, and each of them once', async () => {
    const { metrics, read } = start();
    const trace = traceAt('r');
    const end = metrics.follow(trace);
    const tokens = async (): Promise<number> =>
      (await read()).sum('llm_ops_completion_tokens_total');

    trace.noteDelta(piece('a', 2));
    metrics.catchUp();
    metrics.catchUp();
    assert.equal(await tokens(), 2);
    trace.noteDelta(piece('b', 5));
    end(ended(trace, 'client_left'));

    assert.equal(await tokens(), 5);
    assert.equal((await read()).sum('llm_ops_prompt_tokens_total'), 7);
  });

  it('count the pauses between pieces of text, and nothing for reads without any', async () => {
    const { metrics, read } = start();
    const trace = traceAt('r');
    metrics.follow(trace);

    for (const text of ['', 'a', '', 'b', 'c', '']) trace.noteDelta(piece(text, 1));

    const scraped = await read();
    assert.equal(scraped.sum('llm_ops_text_gap_seconds_count', { replica: 'r' }), 2);
    assert.equal(scraped.sum('llm_ops_time_to_first_token_seconds_count'), 1);
  });

  it('count what another replica had to try, at the one that answered', async () => {
    const { metrics, read } = start();
    const trace = traceAt('r0');
    const end = metrics.follow(trace);
    trace.replica = 'r1';
    trace.attempts = 3;

    trace.noteDelta(piece('a', 1));
    end(ended(trace, 'stop'));

    const scraped = await read();
    assert.equal(scraped.sum('llm_ops_retries_total', { replica: 'r1' }), 2);
    assert.ok(!scraped.text.includes('r0'));
  });

  it('forget a replica that is gone, also when a request there ends later', async () => {
    const { metrics, read } = start();
    const [leaving, staying] = [traceAt('gone'), traceAt('here')];
    const ends = [leaving, staying].map((trace) => metrics.follow(trace));
    for (const trace of [leaving, staying]) trace.noteDelta(piece('a', 1));
    const prune = (): void => metrics.prune(({ replica }) => replica === 'here');

    prune();
    leaving.noteDelta(piece('b', 2));
    ends[0]?.(ended(leaving, 'client_left'));
    ends[1]?.(ended(staying, 'stop'));
    prune();

    const scraped = await read();
    assert.ok(!scraped.text.includes('gone'), scraped.text);
    assert.equal(scraped.sum('llm_ops_requests_total', { outcome: 'stop' }), 1);
    assert.equal(scraped.sum('llm_ops_requests_in_progress'), 0);
  });
});
