import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scrape } from './metrics/read-metrics.ts';
import { ask, oneService, startEngine, startWorker, toFrames, until } from './worker-harness.ts';
import type { HttpReply } from './worker-harness.ts';

describe('a worker that drains', () => {
  it('finishes its streams, begins none, and tells whoever asks', async (t) => {
    const engine = await startEngine(t, { answerTokens: 200, itlMs: 5, contextLength: 1_000 });
    const config = oneService('m', engine.url, { template: null });
    const worker = await startWorker(t, config, { drainMs: 600_000 });
    const { url } = worker;
    await until('ready', async () => (await ask(`${url}/ready`)).status === 200);
    const body = { prompt: 'x', max_new_tokens: 200 };

    const during: Promise<readonly HttpReply[]>[] = [];
    const metrics: Promise<number>[] = [];
    const stream = await ask(`${url}/worker_generate_stream`, {
      body,
      onData: () => {
        if (during.length > 0) return;
        void worker.close();
        const questions = ['ready', 'health', 'worker_status', 'worker_get_status'];
        during.push(
          Promise.all([
            ...questions.map((path) => ask(`${url}/${path}`)),
            ask(`${url}/api/worker_generate`, { body }),
          ]),
        );
        metrics.push(scrape(url).then(({ sum }) => sum('llm_ops_requests_in_progress')));
      },
    });

    assert.equal(toFrames(stream).at(-1)?.finish_reason, 'stop');
    const replies = await during[0];
    assert.deepEqual(
      replies?.map(({ status }) => status),
      [503, 200, 200, 503, 503],
    );
    assert.equal(replies[0]?.json['status'], 'stopping');
    assert.equal(replies[2]?.json['state'], 'stopping');
    const refusal = replies.at(-1);
    assert.equal((refusal?.json['error'] as Record<string, unknown>)['code'], 'stopping');
    assert.equal(refusal?.headers['retry-after'], '5');
    assert.ok([1, 2].includes((await metrics[0]) ?? 0));
    await worker.close();
    await assert.rejects(ask(`${url}/health`));
  });
});
