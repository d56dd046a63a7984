/** Registration as a whole: a real worker, a controller that probes it, and a configuration that changes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { freePorts } from '../../e2e/free-ports.ts';
import { ask, oneService, startEngine, startWorker, until } from '../worker-harness.ts';
import { startController } from './fake-controller.ts';
import type { FakeController } from './fake-controller.ts';

type Controllers = Readonly<Record<string, string | null>>;

/** A gateway with a service for each name, at its controller; null: at none. */
function gateway(engineUrl: string, controllers: Controllers, worker?: string): WorkerConfigInput {
  return {
    role: 'gateway',
    services: Object.entries(controllers).flatMap(([name, url]) =>
      oneService(name, engineUrl).services.map((service) => ({
        ...service,
        ...(worker !== undefined && { worker }),
        ...(url !== null && { controller: { url, worker_address: `http://127.0.0.1:9/${name}` } }),
      })),
    ),
  };
}

/** The same at a controller: a worker knows its address only once it listens. */
function registeredAt(
  controller: FakeController,
  config: WorkerConfigInput,
  workerAddress: string,
): WorkerConfigInput {
  return {
    ...config,
    services: config.services.map((service) => ({
      ...service,
      controller: { url: controller.url, worker_address: workerAddress },
    })),
  };
}

function names(...services: readonly string[]): readonly string[] {
  return services.map((name) => `http://127.0.0.1:9/${name}`);
}

describe('a worker with a controller', () => {
  it('answers its probes, and fails them when it drains, though it still serves', async (t) => {
    const controller = await startController(t);
    const engine = await startEngine(t, { answerTokens: 40, itlMs: 25 });
    const config = oneService('m', engine.url);
    const worker = await startWorker(t, config, { drainMs: 60_000 });
    await worker.configure(registeredAt(controller, config, worker.url));
    await until('it is known', () => controller.known.has(worker.url));
    await ask(`${controller.url}/refresh_all_workers`, { method: 'POST' });
    assert.deepEqual(
      [...controller.known.values()],
      [{ model_names: ['m'], speed: 1, queue_length: 0 }],
    );

    const begun = Promise.withResolvers<null>();
    const running = ask(`${worker.url}/worker_generate_stream`, {
      body: { prompt: 'x', echo: false },
      onData: () => begun.resolve(null),
    });
    await begun.promise;
    await worker.close();

    assert.equal(controller.known.size, 0);
    assert.match((await running).text, /"finish_reason": ?"stop"/);
  });

  it('fails its status by FastChat’s name without an engine, and tells why by its own', async (t) => {
    const [port] = await freePorts();
    const worker = await startWorker(t, oneService('m', `http://127.0.0.1:${port}`));

    for (const method of ['GET', 'POST']) {
      const reply = await ask(`${worker.url}/worker_get_status`, { method });
      assert.equal(reply.status, 503, reply.text);
      assert.equal((await ask(`${worker.url}/worker_status`, { method })).status, 200);
    }

    await startEngine(t, { port });
    await until('it is well', async () => {
      return (await ask(`${worker.url}/worker_get_status`, { method: 'POST' })).status === 200;
    });
  });

  it('is dropped when its engine dies, and comes back with it', async (t) => {
    const controller = await startController(t);
    const [port] = await freePorts();
    const engine = await startEngine(t, { port });
    const config = oneService('m', engine.url, { role: 'gateway' });
    const worker = await startWorker(t, config);
    await worker.configure(registeredAt(controller, config, `${worker.url}/fastchat/m`));
    await until('it is known', () => controller.known.size === 1);

    await engine.close();
    await until('it is dropped', () => controller.known.size === 0);

    await startEngine(t, { port });
    await until('it is back', () => controller.known.size === 1);
  });
});

describe('a gateway with controllers', () => {
  it('registers each service where it is said, and none that has a worker of its own', async (t) => {
    const [one, two] = [await startController(t), await startController(t)];
    const engine = await startEngine(t);

    await startWorker(t, gateway(engine.url, { a: one.url, b: two.url, c: one.url, d: null }));
    await until('all are known', () => one.known.size === 2 && two.known.size === 1);

    assert.deepEqual([...one.known.keys()].sort(), names('a', 'c'));
    assert.deepEqual([...two.known.keys()], names('b'));

    const other = await startController(t);
    await startWorker(t, gateway(engine.url, { a: other.url }, 'http://127.0.0.1:9'));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(other.asked, []);
  });

  it('follows a controller that comes, changes and goes', async (t) => {
    const [one, two] = [await startController(t), await startController(t)];
    const engine = await startEngine(t);
    const worker = await startWorker(t, gateway(engine.url, { a: null, b: one.url }));
    await until('b is known', () => one.known.size === 1);

    await worker.configure(gateway(engine.url, { a: two.url, b: one.url }));
    await until('a is known', () => two.known.size === 1);

    await worker.configure(gateway(engine.url, { a: two.url, b: two.url }));
    // Nobody answers at these addresses, so that a refresh drops both. The next heart beat would find out.
    await until('b has moved', () => two.known.has(names('b')[0]!) && one.known.size === 0);
    const registered = one.asked.filter((line) => line.startsWith('/register_worker'));
    assert.equal(registered.length, 1, 'what stays as it is is left alone');

    await worker.configure(gateway(engine.url, { a: null, b: null }));
    await until('both are gone', () => two.known.size === 0);
  });

  it('answers FastChat’s servers in their manner below /fastchat', async (t) => {
    const engine = await startEngine(t);
    const { url } = await startWorker(t, gateway(engine.url, { a: null }));

    const styleAt = async (path: string): Promise<unknown> =>
      ((await ask(url + path)).json['conv'] as Record<string, unknown>)['sep_style'];

    assert.equal(await styleAt('/api/a/worker_get_conv_template'), 2);
    assert.equal(await styleAt('/fastchat/a/worker_get_conv_template'), 7);
    assert.equal((await ask(`${url}/fastchat/b/worker_get_conv_template`)).status, 404);
  });
});
