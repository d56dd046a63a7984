import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { WorkerConfig } from '../../../src/config/worker-config.ts';
import { createChatRenderer } from '../../../src/prompts/chat/chat-renderer.ts';
import { LiveService } from '../../../src/worker/live/live-service.ts';
import { ask, simStats, startEngine, startWorker, until } from '../worker-harness.ts';
import type { HttpReply, RunningWorker } from '../worker-harness.ts';
import { replicated } from './replicated.ts';

const BODY = { prompt: 'x', echo: false, max_new_tokens: 400 };

function generate(worker: RunningWorker): Promise<HttpReply> {
  return ask(`${worker.url}/api/worker_generate`, { body: BODY });
}

/** One request runs, and one waits for its place. */
async function startCrowded(t: TestContext) {
  const old = await startEngine(t, { answerTokens: 100, itlMs: 5 });
  const fresh = await startEngine(t, { answerTokens: 5 });
  const worker = await startWorker(t, replicated({ name: 'a', urls: [old.url], concurrency: 1 }));
  await until('it is ready', async () => (await ask(`${worker.url}/model_details`)).status === 200);
  const running = generate(worker);
  await until('one runs', async () => (await simStats(old))['running'] === 1);
  const waiting = generate(worker);
  await until('one waits', async () => {
    const { json } = await ask(`${worker.url}/worker_status`);
    return json['queue_length'] === 2;
  });
  return { old, fresh, worker, replies: [running, waiting] };
}

async function assertAnswered(replies: readonly Promise<HttpReply>[]): Promise<void> {
  const settled = await Promise.all(replies);
  assert.deepEqual(
    settled.map(({ status }) => status),
    [200, 200],
    settled.map(({ text }) => text).join('\n'),
  );
}

describe('a request that waits for its place', () => {
  it('is answered by another version when its own is gone', async (t) => {
    const { old, fresh, worker, replies } = await startCrowded(t);
    await worker.configure(replicated({ name: 'b', urls: [fresh.url] }));
    await assertAnswered(replies);
    assert.equal((await simStats(old))['completed'], 1);
    assert.equal((await simStats(fresh))['completed'], 1);
  });

  it('is answered by a replica that came meanwhile, when the one it came for is gone', async (t) => {
    const { old, fresh, worker, replies } = await startCrowded(t);
    await worker.configure(replicated({ name: 'a', urls: [fresh.url], concurrency: 1 }));
    await assertAnswered(replies);
    assert.equal((await simStats(old))['completed'], 1);
    assert.equal((await simStats(fresh))['completed'], 1);
  });
});

describe('a version that lost its engine', () => {
  it('leaves its share to the other version', async (t) => {
    const good = await startEngine(t, { answerTokens: 5 });
    const gone = await startEngine(t);
    await gone.close();
    const worker = await startWorker(
      t,
      replicated(
        { name: 'a', weight: 90, urls: [gone.url] },
        { name: 'b', weight: 10, urls: [good.url] },
      ),
    );
    await until('it answers', async () => (await generate(worker)).status === 200);
    for (let i = 0; i < 20; i += 1) assert.equal((await generate(worker)).status, 200);
  });
});

describe('an engine whose limits are changed', () => {
  it('is as ready as it was, before anybody looked again', async (t) => {
    const engine = await startEngine(t);
    const service = new LiveService('m', {
      chatRenderer: createChatRenderer(),
      onReplicaChange: () => undefined,
      readProgress: () => Promise.resolve({}),
    });
    t.after(() => service.close());
    const configure = (idleTimeoutMs: number): void => {
      const config = WorkerConfig.parse(replicated({ urls: [engine.url], idleTimeoutMs }));
      service.configure(config.services[0]!);
    };
    configure(60_000);
    assert.equal(service.state, 'starting');
    await until('it is ready', () => service.state === 'ready');
    configure(90_000);
    assert.equal(service.state, 'ready');
  });
});
