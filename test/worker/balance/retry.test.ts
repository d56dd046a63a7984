import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { ask, simStats, startEngine, startWorker, toFrames, until } from '../worker-harness.ts';
import type { Engine, HttpReply, RunningWorker } from '../worker-harness.ts';
import { replicated, setFaults, stateOf } from './replicated.ts';

const BODY = { prompt: 'x', echo: false, max_new_tokens: 20 };

type Pair = { readonly bad: Engine; readonly good: Engine; readonly worker: RunningWorker };

async function startPair(t: TestContext, options: { idleTimeoutMs?: number } = {}): Promise<Pair> {
  const [bad, good] = [
    await startEngine(t, { answerTokens: 20 }),
    await startEngine(t, { answerTokens: 20 }),
  ];
  const worker = await startWorker(t, replicated({ urls: [bad.url, good.url], ...options }));
  await until('both are ready', async () => {
    // Equally busy engines take turns, so each gets one of two.
    await ask(`${worker.url}/api/worker_generate`, { body: BODY });
    return (await simStats(bad))['completed']! > 0 && (await simStats(good))['completed']! > 0;
  });
  return { bad, good, worker };
}

/** Two requests one after the other, so that one of them goes to each engine first. */
async function askTwice(worker: RunningWorker, body: object = BODY): Promise<readonly HttpReply[]> {
  const url = `${worker.url}/api/worker_generate`;
  return [await ask(url, { body }), await ask(`${url}_stream`, { body })];
}

const FAULTS = {
  'breaks the connection': { die_at_token: 0 },
  'reports an error': { error_at_token: 0 },
  'cuts its first event in half': { half_event_at_token: 0 },
  'says that it loads': { refuse: true },
  'is silent for too long': { stall_at_token: 0 },
} as const;

describe('a request whose engine fails before any text', () => {
  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`because it ${what} is answered by another`, async (t) => {
      const { bad, good, worker } = await startPair(t, { idleTimeoutMs: 1_000 });
      const expected = await ask(`${worker.url}/api/worker_generate`, { body: BODY });
      const before = await simStats(good);
      await setFaults(bad.url, { ...fault });

      const [whole, streamed] = await askTwice(worker);

      assert.equal(whole!.status, 200, whole!.text);
      assert.equal(whole!.json['text'], expected.json['text']);
      assert.equal(toFrames(streamed!).at(-1)?.text, expected.json['text']);
      assert.equal(toFrames(streamed!).at(-1)?.finish_reason, 'stop');
      assert.equal((await simStats(good))['completed'], before['completed']! + 2);
    });
  }

  it('because it is gone is answered by another', async (t) => {
    const { bad, worker } = await startPair(t);
    await bad.close();
    const replies = await askTwice(worker);
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200],
    );
  });

  it('after it began with what may be a stop string gets nothing of that twice', async (t) => {
    const good = await startEngine(t, { answerTokens: 20 });
    // Our simulator holds such a beginning back itself.
    const event = 'data: {"choices":[{"index":0,"text":"This","finish_reason":null}]}\n\n';
    const bad = await startStandIn(t, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event, () => response.destroy());
    });
    const worker = await startWorker(t, replicated({ urls: [bad.url, good.url] }));
    await until('it is ready', async () => (await stateOf(worker)) === 'ready');
    const body = { ...BODY, stop: ['This never'] };
    const asked = bad.asked();
    await until('the bad one was asked', async () => {
      for (const reply of await askTwice(worker, body)) {
        assert.equal(reply.status, 200, reply.text);
        const told = reply.text.endsWith('\0') ? toFrames(reply).at(-1)?.text : reply.json['text'];
        assert.match(String(told), /^This is /);
      }
      return bad.asked() > asked;
    });
  });

  it('is not tried a third time', async (t) => {
    const engines = await Promise.all(
      [0, 1, 2].map(() => startEngine(t, { fault: { die_at_token: 0 } })),
    );
    const urls = engines.map(({ url }) => url);
    const worker = await startWorker(t, replicated({ urls }));
    await until('it is ready', async () => (await stateOf(worker)) === 'ready');
    const reply = await ask(`${worker.url}/api/worker_generate`, { body: BODY });
    assert.equal(reply.status, 502, reply.text);
    const stats = await Promise.all(engines.map(simStats));
    assert.equal(
      stats.reduce((sum, { requests }) => sum + requests!, 0),
      2,
    );
  });

  it('is not tried again at the same engine, nor at one of another version', async (t) => {
    const bad = await startEngine(t, { fault: { die_at_token: 0 } });
    const other = await startEngine(t);
    const worker = await startWorker(
      t,
      replicated({ name: 'a', urls: [bad.url] }, { name: 'b', weight: 0, urls: [other.url] }),
    );
    await until('it is ready', async () => (await stateOf(worker)) === 'ready');
    await until('the engine was seen', async () => {
      const { status } = await ask(`${worker.url}/model_details`);
      return status === 200;
    });
    const reply = await ask(`${worker.url}/api/worker_generate`, { body: BODY });
    assert.equal(reply.status, 502, reply.text);
    assert.equal((await simStats(bad))['requests'], 1);
    assert.equal((await simStats(other))['requests'], 0);
  });
});

describe('a request that is at fault itself', () => {
  for (const [status, code] of [
    [400, 'invalid_request'],
    [422, 'invalid_request'],
  ] as const) {
    it(`with ${status} is refused by the first engine, and not tried at another`, async (t) => {
      const engines = [await startRefusing(t, status), await startRefusing(t, status)];
      const worker = await startWorker(t, replicated({ urls: engines.map(({ url }) => url) }));
      await until('it is ready', async () => (await stateOf(worker)) === 'ready');
      const reply = await ask(`${worker.url}/api/worker_generate`, { body: BODY });
      assert.equal((reply.json['error'] as { code: string }).code, code);
      assert.equal(engines[0]!.asked() + engines[1]!.asked(), 1);
    });
  }

  it('is tried at another where the engine is only too busy', async (t) => {
    const busy = await startRefusing(t, 429);
    const good = await startEngine(t, { answerTokens: 5 });
    const worker = await startWorker(t, replicated({ urls: [busy.url, good.url] }));
    await until('the busy one was asked, too', async () => {
      const reply = await ask(`${worker.url}/api/worker_generate`, { body: BODY });
      assert.ok(reply.status === 200 || reply.json['state'] === 'starting', reply.text);
      return busy.asked() > 0 && reply.status === 200;
    });
  });
});

describe('an answer that is told when it is complete', () => {
  it('is begun anew by another engine, with nothing doubled or lost', async (t) => {
    const { bad, good, worker } = await startPair(t);
    const body = { ...BODY, prompt: 'Tell me', echo: true };
    const url = `${worker.url}/api/worker_generate`;
    const expected = await ask(url, { body });
    await setFaults(bad.url, { die_at_token: 7 });
    const before = await simStats(good);

    const replies = [await ask(url, { body }), await ask(url, { body })];

    for (const reply of replies) assert.deepEqual(reply.json, expected.json);
    assert.ok((await simStats(bad))['failed']! > 0, 'the bad one was asked');
    assert.equal((await simStats(good))['completed'], before['completed']! + 2);
  });
});

describe('an answer that began', () => {
  it('ends with an error, and is not begun anew', async (t) => {
    const { bad, good, worker } = await startPair(t);
    await setFaults(bad.url, { die_at_token: 3 });
    await setFaults(good.url, { die_at_token: 3 });
    const before = [await simStats(bad), await simStats(good)];
    const reply = await ask(`${worker.url}/api/worker_generate_stream`, { body: BODY });
    assert.equal(toFrames(reply).at(-1)?.error?.code, 'engine_failed');
    const after = [await simStats(bad), await simStats(good)];
    const [asked = 0, askedBefore = 0] = [after, before].map((stats) =>
      stats.reduce((sum, { requests }) => sum + requests!, 0),
    );
    assert.equal(asked - askedBefore, 1);
  });
});

/** An engine that is well, and answers every request for text in the same way. */
async function startStandIn(
  t: TestContext,
  answer: (response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url === '/health') response.end();
    else if (request.url === '/v1/models') response.end('{"data":[{"id":"m"}]}');
    else {
      asked += 1;
      answer(response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

function startRefusing(t: TestContext, status: number): ReturnType<typeof startStandIn> {
  return startStandIn(t, (response) => {
    response.writeHead(status).end('{"error":{"message":"not like this"}}');
  });
}
