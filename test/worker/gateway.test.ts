import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TOKENS_FILE } from '../../src/config/worker-config.ts';
import type { WorkerConfigInput } from '../../src/config/worker-config.ts';
import { ask, oneService, startEngine, startWorker, until } from './worker-harness.ts';

/** Several services of one gateway, each as `oneService` would have it. */
function gateway(
  ...services: readonly { name: string; url: string; worker?: string }[]
): WorkerConfigInput {
  return {
    role: 'gateway',
    services: services.flatMap(({ name, url, worker }) =>
      oneService(name, url, { template: null }).services.map((service) => ({
        ...service,
        ...(worker === undefined ? {} : { worker }),
      })),
    ),
  };
}

describe('a gateway that serves the services itself', () => {
  it('answers each below its own name, also where one name begins with another', async (t) => {
    const one = await startEngine(t, { model: 'one', answerTokens: 20 });
    const two = await startEngine(t, { model: 'two', answerTokens: 20 });
    const { url } = await startWorker(
      t,
      gateway({ name: 'Llama-2-7b', url: one.url }, { name: 'Llama-2-7b-v1.3', url: two.url }),
    );
    const body = { prompt: 'x', echo: false };

    const first = await ask(`${url}/api/Llama-2-7b/worker_generate`, { body });
    const second = await ask(`${url}/api/Llama-2-7b-v1.3/worker_generate`, { body });

    assert.match(String(first.json['text']), /\bone\b/);
    assert.match(String(second.json['text']), /\btwo\b/);
  });

  it('answers 404 with the names that exist for one that does not', async (t) => {
    const { url } = await startWorker(
      t,
      gateway({ name: 'b', url: 'http://127.0.0.1:9' }, { name: 'a', url: 'http://127.0.0.1:9' }),
    );

    for (const path of ['/api/c/worker_generate', '/api/c', '/api/c/anything?x=1'])
      for (const method of ['POST', 'GET']) {
        const reply = await ask(url + path, { method });
        assert.equal(reply.status, 404, path);
        assert.deepEqual(reply.json['services'], ['a', 'b'], path);
      }
  });

  it('answers the same for a name that is far too long, or that every object has', async (t) => {
    const { url } = await startWorker(t, gateway({ name: 'a', url: 'http://127.0.0.1:9' }));

    for (const name of ['x'.repeat(5_000), '__proto__', 'constructor', 'a%2Fb']) {
      const reply = await ask(`${url}/api/${name}/worker_generate`, { body: { prompt: 'x' } });
      assert.equal(reply.status, 404, name);
      assert.deepEqual(reply.json['services'], ['a'], name);
    }
  });

  it('has no path of a service without its name', async (t) => {
    const { url } = await startWorker(t, gateway({ name: 'a', url: 'http://127.0.0.1:9' }));

    const reply = await ask(`${url}/worker_generate`, { body: { prompt: 'x' } });

    assert.equal(reply.status, 404);
    assert.deepEqual(reply.json['services'], ['/api/a/']);
  });

  it('takes services over and forgets them while it runs', async (t) => {
    const engine = await startEngine(t, { answerTokens: 3 });
    const worker = await startWorker(t, gateway({ name: 'a', url: engine.url }));
    const statusOf = async (name: string): Promise<number> =>
      (await ask(`${worker.url}/api/${name}/worker_status`)).status;
    assert.deepEqual([await statusOf('a'), await statusOf('b')], [200, 404]);

    await worker.configure(gateway({ name: 'b', url: engine.url }));

    await until('b is served', async () => (await statusOf('b')) === 200);
    assert.equal(await statusOf('a'), 404);
  });

  it('keeps what it had when the new configuration is broken', async (t) => {
    const engine = await startEngine(t, { answerTokens: 3 });
    const worker = await startWorker(t, gateway({ name: 'a', url: engine.url }));
    const [service] = oneService('b', engine.url).services;
    const template = { kind: 'conversation', conversation: { name: 'broken' } } as never;

    const versions = service!.versions.map((version) => ({ ...version, template }));
    await worker.configure({ role: 'gateway', services: [{ name: 'b', versions }] });
    await worker.configure(gateway({ name: 'a', url: engine.url }, { name: 'c', url: engine.url }));

    await until(
      'the next good one is taken',
      async () => (await ask(`${worker.url}/api/c/worker_status`)).status === 200,
    );
    assert.equal((await ask(`${worker.url}/api/a/worker_status`)).status, 200);
  });
});

describe('a worker that runs', () => {
  it('does not become a gateway, but goes on as it was', async (t) => {
    const worker = await startWorker(t, oneService('a', 'http://127.0.0.1:9'));
    const { configDirectory } = worker.options;

    await worker.configure(gateway({ name: 'b', url: 'http://127.0.0.1:9' }));
    // It is looked at after the configuration.
    await writeFile(join(configDirectory, TOKENS_FILE), '{"tokens": []}');
    await until('both were looked at', async () => {
      return (await ask(`${worker.url}/worker_status`)).status === 401;
    });

    const { json } = await ask(`${worker.url}/ready`);
    assert.deepEqual(Object.keys(json['services'] as object), ['a']);
  });
});

describe('a gateway of which only some services have a worker of their own', () => {
  const DEAD = 'http://127.0.0.1:9';

  it('serves the others, and never answers in the place of a worker that is down', async (t) => {
    const engine = await startEngine(t, { answerTokens: 3 });
    const { url } = await startWorker(
      t,
      gateway({ name: 'a', url: engine.url, worker: DEAD }, { name: 'b', url: engine.url }),
    );
    await until('ready', async () => (await ask(`${url}/ready`)).status === 200);

    const [a, b] = [
      await ask(`${url}/api/a/worker_generate`, { body: { prompt: 'x' } }),
      await ask(`${url}/api/b/worker_generate`, { body: { prompt: 'x' } }),
    ];

    assert.equal((a.json['error'] as Record<string, unknown>)['code'], 'worker_unavailable');
    assert.equal((await ask(`${url}/api/a/worker_generate`)).status, 503);
    assert.equal(b.status, 200, b.text);
    assert.doesNotMatch((await ask(`${url}/metrics`)).text, /service="a"/);
  });

  it('serves one that comes while it runs, also where it had none to serve', async (t) => {
    const engine = await startEngine(t, { answerTokens: 3 });
    const first = { name: 'a', url: engine.url, worker: DEAD };
    const worker = await startWorker(t, gateway(first));

    await worker.configure(gateway(first, { name: 'b', url: engine.url }));

    await until('b is served', async () => {
      const reply = await ask(`${worker.url}/api/b/worker_generate`, { body: { prompt: 'x' } });
      return reply.status === 200;
    });
  });
});

describe('a gateway before workers of their own', () => {
  it('answers for a worker that is down with 503, its name and when to come back', async (t) => {
    const { url } = await startWorker(
      t,
      gateway({ name: 'a', url: 'http://127.0.0.1:9', worker: 'http://127.0.0.1:9' }),
    );

    const reply = await ask(`${url}/api/a/worker_generate`, { body: { prompt: 'x' } });

    assert.equal(reply.status, 503);
    assert.equal(reply.json['service'], 'a');
    assert.equal((reply.json['error'] as Record<string, unknown>)['code'], 'worker_unavailable');
    assert.ok(Number(reply.headers['retry-after']) > 0);
  });

  it('tells the state of a worker that is there but has no route yet', async (t) => {
    const engine = await startEngine(t, { answerTokens: 3 });
    const worker = await startWorker(t, oneService('a', engine.url));
    await until('ready', async () => (await ask(`${worker.url}/ready`)).status === 200);
    const { url } = await startWorker(
      t,
      gateway({ name: 'a', url: engine.url, worker: worker.url }),
    );

    const reply = await ask(`${url}/api/a/worker_generate`, { body: { prompt: 'x' } });

    assert.equal(reply.status, 503);
    assert.equal(reply.json['state'], 'starting');
    assert.match(String(reply.json['error_message']), /its worker is starting/);
  });
});
