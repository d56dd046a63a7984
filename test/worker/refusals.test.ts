import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ask, oneService, startEngine, startWorker } from './worker-harness.ts';
import type { HttpReply } from './worker-harness.ts';

function assertError(
  reply: HttpReply,
  expected: { status: number; code: string; number: number },
): void {
  assert.equal(reply.status, expected.status, reply.text);
  const { error, error_code: number, error_message: message } = reply.json;
  const { code, message: text } = error as Record<string, unknown>;
  assert.equal(code, expected.code);
  assert.equal(number, expected.number);
  assert.equal(message, text);
  assert.notEqual(text, '');
}

describe('a request that cannot be served', () => {
  const bad: readonly [what: string, raw: string, code: string, number: number, word: RegExp][] = [
    ['a body that is not JSON', '{"prompt":', 'invalid_request', 40001, /not JSON/],
    ['no body', '', 'invalid_request', 40001, /JSON object/],
    ['a missing prompt', '{}', 'invalid_request', 40001, /"prompt"/],
    [
      'a wrong role',
      '{"generation_mode":"chat","messages":[{"role":"robot","text":"x"}]}',
      'invalid_request',
      40001,
      /robot.*"user"/,
    ],
    [
      'another model’s name',
      '{"prompt":"x","model_identifier":"gpt"}',
      'model_mismatch',
      40301,
      /"gpt".*"m"/,
    ],
    [
      'a temperature below 0',
      '{"prompt":"x","temperature":-1}',
      'param_out_of_range',
      40302,
      /temperature/,
    ],
    [
      'a prompt beyond the context',
      JSON.stringify({ prompt: 'word '.repeat(300), max_new_tokens: 8 }),
      'context_overflow',
      40303,
      /context/,
    ],
  ];
  for (const [what, raw, code, number, word] of bad) {
    it(`with ${what} is told so in each dialect's way, streamed or not`, async (t) => {
      const engine = await startEngine(t, { contextLength: 64 });
      const worker = await startWorker(t, oneService('m', engine.url));

      for (const path of ['/worker_generate', '/api/worker_generate_stream']) {
        const reply = await ask(worker.url + path, { raw, method: 'POST' });
        // FastChat's server reads nothing but `error_code` in what can befall a request of its own.
        const isOfOwnMaking = number === 40302 || number === 40303;
        const status = isOfOwnMaking && !path.startsWith('/api') ? 200 : 400;
        assertError(reply, { status, code, number });
        assert.match(String(reply.json['error_message']), word);
      }
    });
  }

  it('gets 405 for the wrong verb, 404 for an unknown path, 413 for a huge body', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, oneService('m', engine.url));

    const verb = await ask(`${worker.url}/worker_generate`);
    assertError(verb, { status: 405, code: 'method_not_allowed', number: 40001 });
    assert.equal(verb.headers.allow, 'POST');
    assertError(await ask(`${worker.url}/nothing`), {
      status: 404,
      code: 'not_found',
      number: 40301,
    });
    const huge = await ask(`${worker.url}/worker_generate`, {
      raw: `"${'x'.repeat(17 * 1024 * 1024)}"`,
    });
    assertError(huge, { status: 413, code: 'body_too_large', number: 40302 });
  });

  it('of a visitor of the front door never sees the process’s own paths', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, oneService('m', engine.url));
    // The gateway's own road takes no prefix off, but every road names the host that was asked.
    const roads = [{ 'x-forwarded-prefix': '/api/m' }, { 'x-forwarded-host': 'localhost:8443' }];

    assert.equal((await ask(`${worker.url}/health`)).status, 200);
    for (const path of ['/health', '/ready'])
      for (const headers of roads)
        assert.equal((await ask(worker.url + path, { headers })).status, 404);
  });

  it('with an address that cannot be decoded gets 400 in the same words as any other', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, oneService('m', engine.url));

    const reply = await ask(`${worker.url}/%zz`);

    assertError(reply, { status: 400, code: 'invalid_request', number: 40001 });
  });

  it('with a verb of the web that a path does not take gets 405, not 404', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, oneService('m', engine.url));

    for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) {
      const { status, headers } = await ask(`${worker.url}/worker_generate`, { method });
      assert.deepEqual([status, headers.allow], [405, 'POST'], method);
    }
  });
});

describe('an engine that is not ready', () => {
  it('is 503 with the state and when to come back: starting, then loading, then an answer', async (t) => {
    const worker = await startWorker(t, oneService('m', 'http://127.0.0.1:9'));
    const path = '/api/worker_generate';
    const body = { prompt: 'x', echo: false };

    const starting = await ask(worker.url + path, { body });
    assertError(starting, { status: 503, code: 'engine_starting', number: 50005 });
    assert.equal(starting.json['state'], 'starting');
    assert.ok(Number(starting.headers['retry-after']) > 0);
    assert.equal((await ask(`${worker.url}/ready`)).status, 503);
    assert.equal((await ask(`${worker.url}/health`)).status, 200);

    const engine = await startEngine(t, { loadMs: 1500 });
    await worker.configure(oneService('m', engine.url));
    const seen = new Set<unknown>();
    let last = await ask(worker.url + path, { body });
    for (; last.status !== 200; last = await ask(worker.url + path, { body })) {
      assert.equal(last.status, 503, last.text);
      seen.add(last.json['state']);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(seen.has('loading'), [...seen].join());
  });

  it('that went away is 503 below /api, and a reply of status 200 with a number on FastChat’s paths', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, oneService('m', engine.url));
    const body = { prompt: 'x' };
    assert.equal((await ask(`${worker.url}/worker_generate`, { body })).status, 200);
    await engine.close();

    const ours = await ask(`${worker.url}/api/worker_generate_stream`, { body });
    const prefixed = await ask(`${worker.url}/worker_generate`, {
      body,
      headers: { 'x-forwarded-prefix': '/api/m' },
    });
    const fastchat = await ask(`${worker.url}/worker_generate`, { body });
    const frames = await ask(`${worker.url}/worker_generate_stream`, { body });

    assertError(ours, { status: 503, code: 'engine_unavailable', number: 50005 });
    assert.equal(ours.json['state'], 'down');
    assert.equal(prefixed.status, 503);
    assert.equal(fastchat.status, 200);
    assert.equal(fastchat.json['error_code'], 50005);
    assert.match(String(fastchat.json['text']), /does not answer/);
    assert.equal(frames.status, 200);
    assert.equal(frames.bytes.at(-1), 0);
    assert.equal(
      (JSON.parse(frames.text.slice(0, -1)) as Record<string, unknown>)['error_code'],
      50005,
    );
  });

  it('that just went away is 503 with its state for every question, also the first after it went', async (t) => {
    for (const [path, body] of [
      ['/model_details', undefined],
      ['/count_token', { prompt: 'x' }],
    ] as const) {
      const engine = await startEngine(t);
      const worker = await startWorker(t, oneService('m', engine.url));
      assert.equal((await ask(`${worker.url}${path}`, { body })).status, 200);
      await engine.close();

      const reply = await ask(`${worker.url}${path}`, { body });

      assertError(reply, { status: 503, code: 'engine_unavailable', number: 50005 });
      assert.equal(reply.json['state'], 'down');
      assert.ok(Number(reply.headers['retry-after']) > 0);
    }
  });
});
