/** The queue as clients meet it: over HTTP, before simulators. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import type { ChatRenderer } from '../../../src/prompts/chat/chat-renderer.ts';
import { generate } from '../../../src/worker/answer/generate.ts';
import { parseGenerateRequest } from '../../../src/worker/answer/generate-request.ts';
import { ownDispatch } from '../../../src/worker/dispatch/own-dispatch.ts';
import { LiveService } from '../../../src/worker/live/live-service.ts';
import { RequestTrace } from '../../../src/worker/answer/request-trace.ts';
import { WorkerConfig } from '../../../src/config/worker-config.ts';
import { ask, oneService, simStats, startEngine, startWorker, until } from '../worker-harness.ts';
import type { HttpReply } from '../worker-harness.ts';

type Limits = {
  readonly concurrency?: number;
  readonly queue_length?: number;
  readonly queue_timeout_ms?: number;
};

function limited(
  engineUrl: string,
  { service = {}, version = {} }: { readonly service?: Limits; readonly version?: Limits },
): WorkerConfigInput {
  const config = oneService('m', engineUrl);
  return {
    ...config,
    services: config.services.map((each) => ({
      ...each,
      limits: service,
      versions: each.versions.map((one) => ({ ...one, limits: version })),
    })),
  };
}

const BODY = { prompt: 'Hello', echo: false, max_new_tokens: 4000 };

/** Begins a stream that lasts until it is left. */
async function hold(t: TestContext, workerUrl: string): Promise<() => Promise<unknown>> {
  const begun = Promise.withResolvers<null>();
  let leave: () => void = () => undefined;
  const reply = ask(`${workerUrl}/api/worker_generate_stream`, {
    body: BODY,
    onData: (_bytes, leaveNow) => {
      leave = leaveNow;
      begun.resolve(null);
    },
  }).catch((error: unknown) => error);
  await begun.promise;
  const end = (): Promise<unknown> => {
    leave();
    return reply;
  };
  t.after(end);
  return end;
}

function refusedWith(reply: HttpReply, status: number, code: string): void {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.json['error_code'], 42903);
  assert.equal((reply.json['error'] as Record<string, unknown>)['code'], code);
  const retryAfter = Number(reply.headers['retry-after']);
  assert.ok(retryAfter >= 1 && retryAfter <= 60, `Retry-After: ${retryAfter}`);
  assert.match(String(reply.json['error_message']), /\d+ wait/);
}

async function queueLength(workerUrl: string): Promise<unknown> {
  return (await ask(`${workerUrl}/worker_status`)).json['queue_length'];
}

const slow = { answerTokens: 4000, itlMs: 20 };

describe('a full queue', () => {
  for (const whose of ['service', 'version'] as const) {
    it(`of the ${whose} is 429 with Retry-After, and nothing reaches the engine`, async (t) => {
      const engine = await startEngine(t, slow);
      const limits = { [whose]: { concurrency: 1, queue_length: 0 } };
      const worker = await startWorker(t, limited(engine.url, limits));
      const leave = await hold(t, worker.url);
      const before = (await simStats(engine))['requests'];

      for (const path of ['worker_generate', 'worker_generate_stream'])
        refusedWith(await ask(`${worker.url}/api/${path}`, { body: BODY }), 429, 'overloaded');
      const fastchat = await ask(`${worker.url}/worker_generate`, { body: BODY });

      assert.deepEqual([fastchat.status, fastchat.json['error_code']], [200, 42903]);
      assert.equal((await simStats(engine))['requests'], before);
      await leave();
      await until('the place is free', async () => (await queueLength(worker.url)) === 0);
      const next = await ask(`${worker.url}/api/worker_generate`, {
        body: { ...BODY, max_new_tokens: 1 },
      });
      assert.equal(next.status, 200, next.text);
    });

    it(`of the ${whose} lets who waits in when a place comes free, and counts each once`, async (t) => {
      const engine = await startEngine(t, slow);
      const limits = { [whose]: { concurrency: 1, queue_length: 2 } };
      const worker = await startWorker(t, limited(engine.url, limits));
      const leave = await hold(t, worker.url);
      const body = { ...BODY, max_new_tokens: 1 };
      const waiting = [1, 2].map(() => ask(`${worker.url}/api/worker_generate`, { body }));
      await until('two wait', async () => (await queueLength(worker.url)) === 3);

      refusedWith(await ask(`${worker.url}/api/worker_generate`, { body }), 429, 'overloaded');
      await leave();

      for (const reply of await Promise.all(waiting)) assert.equal(reply.status, 200, reply.text);
      assert.equal(await queueLength(worker.url), 0);
    });
  }

  it('refuses before a prompt is rendered', async (t) => {
    const engine = await startEngine(t, slow);
    let rendered = 0;
    const renderer = {
      render: () => {
        rendered += 1;
        return Promise.resolve('rendered');
      },
    };
    const service = new LiveService('m', {
      chatRenderer: renderer as unknown as ChatRenderer,
      onReplicaChange: () => undefined,
      readProgress: () => Promise.resolve({}),
    });
    t.after(() => service.close());
    const config = limited(engine.url, { version: { concurrency: 1, queue_length: 0 } });
    const [version] = config.services[0]!.versions;
    const template = { kind: 'chat', name: 'x', source: 'x' } as const;
    const services = [{ name: 'm', versions: [{ ...version!, template }] }];
    service.configure(WorkerConfig.parse({ ...config, services }).services[0]!);
    const leaving = new AbortController();
    const call = {
      service,
      dispatch: ownDispatch,
      request: parseGenerateRequest({ messages: [{ role: 'user', text: 'Hi' }], echo: false }),
      signal: leaving.signal,
      trace: new RequestTrace(),
    };
    const begun = Promise.withResolvers<null>();
    const sink = { begin: () => begun.resolve(null), push: () => true };
    const running = assert.rejects(generate({ ...call, sink }), /left/);
    await begun.promise;
    assert.equal(rendered, 1);

    await assert.rejects(generate({ ...call, sink }), { code: 'overloaded' });

    assert.equal(rendered, 1);
    leaving.abort(new Error('left'));
    await running;
    assert.equal(service.queueLength, 0);
  });
});

describe('a wait that is too long', () => {
  for (const whose of ['service', 'version'] as const) {
    it(`at the ${whose} is 503 with Retry-After, and the place of who left goes to the next`, async (t) => {
      const engine = await startEngine(t, slow);
      const limits = { [whose]: { concurrency: 1, queue_timeout_ms: 50 } };
      const worker = await startWorker(t, limited(engine.url, limits));
      const leave = await hold(t, worker.url);

      const late = await ask(`${worker.url}/api/worker_generate`, { body: BODY });

      refusedWith(late, 503, 'queue_timeout');
      const fastchat = await ask(`${worker.url}/worker_generate`, { body: BODY });
      assert.deepEqual([fastchat.status, fastchat.json['error_code']], [200, 42903]);
      assert.equal(await queueLength(worker.url), 1);
      await leave();
      await until('the place is free', async () => (await queueLength(worker.url)) === 0);
    });
  }
});

describe('a request that is at fault', () => {
  it('is told so before it waits', async (t) => {
    const engine = await startEngine(t, { itlMs: 5, answerTokens: 4000, contextLength: 8_192 });
    const worker = await startWorker(
      t,
      oneService('m', engine.url, { template: null, concurrency: 1 }),
    );
    await until('ready', async () => (await ask(`${worker.url}/ready`)).status === 200);
    await hold(t, worker.url);

    const reply = await ask(`${worker.url}/api/worker_generate`, {
      body: { messages: [{ role: 'user', text: 'Hi' }], echo: true },
    });

    assert.equal(reply.status, 400, reply.text);
    assert.equal((reply.json['error'] as { param: string }).param, 'echo');
    assert.equal((await simStats(engine))['running'], 1, 'the other one still has its place');
  });
});

describe('limits that change', () => {
  it('let waiting requests in at once', async (t) => {
    const engine = await startEngine(t, slow);
    const worker = await startWorker(t, limited(engine.url, { service: { concurrency: 1 } }));
    await hold(t, worker.url);
    const waiting = ask(`${worker.url}/api/worker_generate`, {
      body: { ...BODY, max_new_tokens: 1 },
    });
    await until('one waits', async () => (await queueLength(worker.url)) === 2);

    await worker.configure(limited(engine.url, { service: { concurrency: 2 } }));

    assert.equal((await waiting).status, 200);
  });
});
