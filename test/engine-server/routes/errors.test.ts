import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { post, startEngine, statsOf } from '../engine-client.ts';

type ErrorBody = { error: { message: string; type: string; param: string | null; code: number } };

describe('errors of the engine server', () => {
  for (const [name, contentType, body] of [
    ['a body that is no JSON', 'application/json', '{"prompt":'],
    ['no body', 'application/json', ''],
    ['another content type', 'application/x-www-form-urlencoded', 'prompt=x'],
    ['plain text', 'text/plain', '{"prompt":"x"}'],
  ] as const) {
    it(`refuses ${name}`, async (t) => {
      const { url } = await startEngine(t);
      const response = await fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
      });
      const { error } = (await response.json()) as ErrorBody;
      assert.deepEqual([response.status, error.type, error.code], [400, 'Bad Request', 400]);
    });
  }

  it('tells where a body is no JSON', async (t) => {
    const { url } = await startEngine(t);
    for (const [text, place] of [
      ['{"prompt":', 10],
      ['{"prompt"}', 9],
      ['', null],
    ] as const) {
      const response = await fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: text,
      });
      const { error } = (await response.json()) as ErrorBody;
      assert.deepEqual(
        [response.status, error.param],
        [400, place === null ? 'body' : `body.${place}`],
      );
    }
  });

  it('has the framework’s words for a path that is none, and 405 with the verbs for another verb', async (t) => {
    const { url } = await startEngine(t);
    for (const [path, method, status, detail, allow] of [
      ['/v1/embeddings', 'POST', 404, 'Not Found', null],
      ['/nope?a=b', 'GET', 404, 'Not Found', null],
      ['/v1/completions?a=b', 'GET', 405, 'Method Not Allowed', 'POST'],
      ['/v1/models', 'POST', 405, 'Method Not Allowed', 'GET'],
    ] as const) {
      const response = await fetch(url + path, { method });
      assert.deepEqual(
        [response.status, response.headers.get('allow'), await response.json()],
        [status, allow, { detail }],
      );
    }
  });

  it('takes empty stream options without a stream', async (t) => {
    const { url } = await startEngine(t);
    const body = { prompt: 'x', stream_options: {} };
    assert.equal((await post(`${url}/v1/completions`, body)).status, 200);
  });

  it('counts what it refuses apart from what it answers', async (t) => {
    const engine = await startEngine(t);
    await post(`${engine.url}/v1/completions`, {});
    await post(`${engine.url}/v1/nope`, {});
    const { requests, rejected } = await statsOf(engine);
    assert.deepEqual({ requests, rejected }, { requests: 0, rejected: 2 });
  });

  it('accepts fields that it does not know', async (t) => {
    const { url } = await startEngine(t);
    const body = { prompt: 'x', max_tokens: 1, logprobs: null, nonsense: { deep: true } };
    assert.equal((await post(`${url}/v1/completions`, body)).status, 200);
  });
});
