import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { EngineKind } from '../../src/config/worker-config.ts';
import { HttpEngine } from '../../src/engines/http-engine.ts';
import { API_PROFILES } from '../../src/engines/profiles.ts';

const never = new AbortController().signal;

/** An engine that answers every request with the same JSON. */
function engineThatSays(t: TestContext, reply: unknown): Promise<HttpEngine> {
  return engineBy(t, (request, response) => {
    request.resume();
    response.end(JSON.stringify(reply));
  });
}

async function engineBy(
  t: TestContext,
  answer: http.RequestListener,
  { kind = 'vllm', model = 'm' }: { kind?: EngineKind; model?: string | null } = {},
): Promise<HttpEngine> {
  const server = http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const engine = new HttpEngine({
    url: `http://127.0.0.1:${port}`,
    profile: API_PROFILES[kind],
    model,
    idleTimeoutMs: 10_000,
  });
  t.after(async () => {
    await engine.close();
    server.close();
  });
  return engine;
}

describe('an engine that answers in an unknown shape', () => {
  it('is the engine’s failure, not ours', async (t) => {
    const engine = await engineThatSays(t, { surprise: true });

    await assert.rejects(engine.modelCard(never), { code: 'engine_failed' });
    await assert.rejects(engine.countTokens('x', never), { code: 'engine_failed' });
  });
});

describe('an engine that closes connections', () => {
  it('is asked again where it closed one before it answered', async (t) => {
    let asked = 0;
    const engine = await engineBy(t, (request, response) => {
      asked += 1;
      request.resume();
      // As a server does whose last answer on this connection has been sent already.
      if (asked === 2) request.socket.destroy();
      else response.end(JSON.stringify({ count: asked }));
    });

    assert.equal(await engine.countTokens('x', never), 1);
    assert.equal(await engine.countTokens('x', never), 3);
  });

  it('is not down because it closed one before it told its state', async (t) => {
    let asked = 0;
    const engine = await engineBy(t, (request, response) => {
      asked += 1;
      if (asked === 2) request.socket.destroy();
      else response.end();
    });

    assert.equal(await engine.probe(never), 'ready');
    assert.equal(await engine.probe(never), 'ready');
    assert.equal(asked, 3);
  });

  it('has failed when it closes the second one, too', async (t) => {
    let asked = 0;
    const engine = await engineBy(t, (request) => {
      asked += 1;
      request.socket.destroy();
    });

    await assert.rejects(engine.countTokens('x', never), { code: 'engine_failed' });
    assert.equal(asked, 2);
  });
});

const CALL = {
  prompt: { kind: 'text', text: 'Hi', hasSpecialTokens: false },
  sampling: {
    ...{ maxNewTokens: 9, temperature: 0, topP: 1, topK: null, stop: [], stopTokenIds: [] },
    ...{ presencePenalty: 0, frequencyPenalty: 0, repetitionPenalty: 1 },
  },
  signal: never,
} as const;

const event = (text: string, finishReason: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ text, finish_reason: finishReason }] })}\n\n`;

describe('an answer', () => {
  it('begins with its own head, not with what a server says before that', async (t) => {
    const engine = await engineBy(t, (request, response) => {
      request.resume();
      response.writeProcessing();
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end(`${event('Hel')}${event('lo', 'stop')}data: [DONE]\n\n`);
    });
    const told: string[] = [];
    let begun = 0;
    const sink = {
      begin: () => void (begun += 1),
      push: ({ text }: { text: string }) => told.push(text) > 0,
    };

    await engine.generate({ ...CALL, sink });

    assert.equal(told.join(''), 'Hello');
    assert.equal(begun, 1);
  });

  it('is complete where its taker wants no more, though a fault came in the same read', async (t) => {
    const engine = await engineBy(t, (request, response) => {
      request.resume();
      response.end(`${event('all')}data: {"error": {"message": "dead", "code": 500}}\n\n`);
    });
    const told: string[] = [];
    const sink = {
      begin: () => undefined,
      push: ({ text }: { text: string }) => told.push(text) === 0,
    };

    await engine.generate({ ...CALL, sink });

    assert.deepEqual(told, ['all']);
  });
});

describe('an engine that has another model than it had', () => {
  it('is asked for its name anew when it does not know the old one', async (t) => {
    let model = 'old';
    const engine = await engineBy(
      t,
      (request, response) => {
        // It came back so soon that nobody saw it down.
        if (request.method === 'GET') {
          response.end(JSON.stringify({ data: [{ id: model }] }));
          return;
        }
        void json(request).then((body) => {
          const isKnown = (body as { model: string }).model === model;
          if (isKnown) response.end(`${event(model, 'stop')}data: [DONE]\n\n`);
          else response.writeHead(404).end('{"error":{"message":"no such model","code":404}}');
        });
      },
      { model: null },
    );
    const told: string[] = [];
    const sink = {
      begin: () => undefined,
      push: ({ text }: { text: string }) => told.push(text) > 0,
    };

    await engine.generate({ ...CALL, sink });
    model = 'new';
    await engine.generate({ ...CALL, sink });

    assert.deepEqual(told, ['old', 'new']);
  });
});

describe('an engine with odd manners', () => {
  it('that says how it finished, and then nothing, has finished', async (t) => {
    const engine = await engineBy(t, (request, response) => {
      request.resume();
      const end = { choices: [{ text: 'all', finish_reason: 'stop' }] };
      response.write(`data: ${JSON.stringify(end)}\n\n`);
    });
    const told: unknown[] = [];
    const sink = { begin: () => undefined, push: (delta: unknown) => told.push(delta) > 0 };

    await engine.generate({ ...CALL, sink });

    assert.deepEqual(told, [
      { text: 'all', usage: null, finishReason: null },
      { text: '', usage: null, finishReason: 'stop' },
    ]);
  });

  it('that tells an error under a good status is heard', async (t) => {
    const engine = await engineBy(t, (request, response) => {
      request.resume();
      response.setHeader('content-type', 'application/json; charset=utf-8');
      response.end('{"error": {"message": "the GPU is on fire", "code": 500}}');
    });
    const sink = { begin: () => undefined, push: () => true };

    await assert.rejects(engine.generate({ ...CALL, sink }), {
      code: 'engine_failed',
      message: 'the GPU is on fire',
    });
  });
});

describe('a prompt', () => {
  type Bodies = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

  /** What an engine of that kind is sent, by path. */
  async function sent(
    t: TestContext,
    kind: EngineKind,
    hasSpecialTokens: boolean,
  ): Promise<Bodies> {
    const bodies: Record<string, Record<string, unknown>> = {};
    const engine = await engineBy(
      t,
      (request, response) => {
        void json(request).then((body) => {
          bodies[request.url ?? ''] = body as Record<string, unknown>;
          const end = { choices: [{ text: 'x', finish_reason: 'stop' }] };
          if (request.url === '/tokenize') response.end(JSON.stringify({ tokens: [7, 8] }));
          else response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
        });
      },
      { kind },
    );
    const prompt = { kind: 'text', text: '<s>Hi', hasSpecialTokens } as const;
    const sink = { begin: () => undefined, push: () => true };
    await engine.generate({ ...CALL, prompt, sink });
    return bodies;
  }

  it('without special tokens gets them from the engine', async (t) => {
    for (const kind of EngineKind.options) {
      const bodies = await sent(t, kind, false);
      assert.deepEqual(Object.keys(bodies), ['/v1/completions']);
      const { prompt, add_special_tokens: added } = bodies['/v1/completions'] ?? {};
      assert.deepEqual([prompt, added], ['<s>Hi', undefined]);
    }
  });

  it('that has its special tokens gets no second ones, in the way of each engine', async (t) => {
    const vllm = await sent(t, 'vllm', true);
    const llama = await sent(t, 'llama.cpp', true);

    const { prompt, add_special_tokens: added } = vllm['/v1/completions'] ?? {};
    assert.deepEqual([prompt, added], ['<s>Hi', false]);
    assert.deepEqual(llama['/tokenize'], { content: '<s>Hi', add_special: false });
    assert.deepEqual(llama['/v1/completions']?.['prompt'], [7, 8]);
  });
});
