import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import {
  ask,
  oneService,
  simStats,
  startEngine,
  startWorker,
  toFrames,
  until,
} from '../worker-harness.ts';

const BODY = { prompt: 'x', echo: false, max_new_tokens: 400 };

/** A proxy that holds back the answers to `/v1/models` until it is told. */
async function slowToNameItsModel(
  t: TestContext,
  engineUrl: string,
): Promise<{ url: string; isAsked: () => boolean; release: () => void }> {
  const gate = Promise.withResolvers<null>();
  let isAsked = false;
  const server = http.createServer((request, response) => {
    isAsked ||= request.url === '/v1/models';
    const released = request.url === '/v1/models' ? gate.promise : Promise.resolve(null);
    void released.then(() => {
      const { method, url, headers } = request;
      const upstream = http.request(
        engineUrl + url!,
        { method, headers, agent: false },
        (reply) => {
          response.writeHead(reply.statusCode ?? 502, reply.headers);
          reply.pipe(response);
        },
      );
      request.pipe(upstream);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    isAsked: () => isAsked,
    release: () => gate.resolve(null),
  };
}

describe('a configuration that changes under load', () => {
  it('gives who waits for a place the prompt of the template that is in force when it gets one', async (t) => {
    const engine = await startEngine(t, { answerTokens: 200, itlMs: 5, model: 'm' });
    const one = (template: string) => oneService('m', engine.url, { concurrency: 1, template });
    const worker = await startWorker(t, one('llama-2'));
    const url = `${worker.url}/api/worker_generate_stream`;
    const chat = { messages: [{ role: 'user', text: 'Hi' }], max_new_tokens: 200, echo: true };
    const running = ask(url, { body: { ...chat, echo: false } });
    await until('it runs', async () => (await simStats(engine))['running'] === 1);
    const waiting = ask(url, { body: chat });
    await until('one waits', async () => {
      const { json } = await ask(`${worker.url}/worker_status`);
      return json['queue_length'] === 2;
    });

    await worker.configure(one('vicuna_v1.1'));
    await until('the new template', async () => {
      const { text } = await ask(`${worker.url}/worker_conv_template`);
      return text.includes('vicuna_v1.1');
    });

    assert.equal(toFrames(await running).at(-1)?.finish_reason, 'stop');
    const last = toFrames(await waiting).at(-1);
    assert.match(last?.text ?? '', /USER: Hi ASSISTANT:/);
    assert.doesNotMatch(last?.text ?? '', /\[INST\]/);
  });

  it('lets who runs finish where they are, and sends who waits for a place to the new engine', async (t) => {
    const old = await startEngine(t, { answerTokens: 200, itlMs: 5, model: 'old' });
    const fresh = await startEngine(t, { answerTokens: 5, model: 'fresh' });
    const worker = await startWorker(t, oneService('m', old.url, { concurrency: 1 }));
    const started = Promise.withResolvers<null>();
    const running = ask(`${worker.url}/api/worker_generate_stream`, {
      body: BODY,
      onData: () => started.resolve(null),
    });
    await started.promise;
    const waiting = ask(`${worker.url}/api/worker_generate`, { body: BODY });
    await until('one waits', async () => {
      const { json } = await ask(`${worker.url}/worker_status`);
      return json['queue_length'] === 2;
    });

    await worker.configure(oneService('m', fresh.url, { concurrency: 1 }));

    assert.equal(toFrames(await running).at(-1)?.finish_reason, 'stop');
    assert.equal((await waiting).status, 200, (await waiting).text);
    assert.deepEqual(
      [(await simStats(old))['requests'], (await simStats(fresh))['requests']],
      [1, 1],
    );
  });

  it('does not cut a request that still asks its engine for the name of the model', async (t) => {
    const engine = await startEngine(t, { answerTokens: 5 });
    const other = await startEngine(t, { answerTokens: 5 });
    const slow = await slowToNameItsModel(t, engine.url);
    const worker = await startWorker(t, oneService('m', slow.url));
    const reply = ask(`${worker.url}/api/worker_generate`, { body: BODY });
    await until('the name is asked for', slow.isAsked);

    await worker.configure(oneService('m', other.url, { template: null }));
    await until('the configuration was taken over', async () => {
      const { status } = await ask(`${worker.url}/worker_conv_template`);
      return status === 404;
    });
    slow.release();

    assert.equal((await reply).status, 200, (await reply).text);
  });
});
