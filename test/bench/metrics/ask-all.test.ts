import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAll } from '../../../bench/metrics/routing/ask-all.ts';

const WHOLE = '{"text":"Yes","error_code":0,"usage":{},"finish_reason":"stop"}\0';

async function listen(t: TestContext, answer: RequestListener): Promise<number> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('asking all prompts', () => {
  it('sends each prompt once, to the service of its place, so many at once', async (t) => {
    const asked: string[] = [];
    let [open, most] = [0, 0];
    const port = await listen(t, (request, response) => {
      open += 1;
      most = Math.max(most, open);
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const { prompt } = JSON.parse(body) as { prompt: string };
        asked.push(`${request.url ?? ''} ${prompt}`);
        void sleep(5).then(() => {
          open -= 1;
          response.end(WHOLE);
        });
      });
    });
    const prompts = Array.from({ length: 10 }, (_, at) => `prompt ${at}`);
    const serviceOf = (at: number): string => `only-${at % 2}`;
    const { firstMs, errors, elapsedMs } = await askAll({
      port,
      serviceOf,
      prompts,
      concurrency: 3,
    });
    assert.deepEqual(
      asked.sort(),
      prompts.map((prompt, at) => `/api/only-${at % 2}/worker_generate_stream ${prompt}`).sort(),
    );
    assert.equal(most, 3);
    assert.equal(errors, 0);
    assert.equal(firstMs.length, 10);
    assert.ok(firstMs.every((ms) => ms > 0 && ms <= elapsedMs));
  });

  it('counts refusals, streams that broke off and those without a finish reason as errors', async (t) => {
    const replies = [
      [200, WHOLE],
      [503, WHOLE],
      [200, WHOLE.replace('"stop"', 'null')],
      [200, WHOLE.slice(0, -1)],
    ] as const;
    let at = 0;
    const port = await listen(t, (request, response) => {
      request.resume();
      const [status, text] = replies[at++] ?? [500, ''];
      response.writeHead(status).end(text);
    });
    const prompts = replies.map(() => 'prompt');
    const asked = await askAll({ port, serviceOf: () => 'all', prompts, concurrency: 1 });
    assert.equal(asked.errors, 3);
    assert.equal(asked.firstMs.length, 1);
  });
});
