import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { VERSION } from '../../../src/version.ts';
import { getJson, openPost, post, startEngine } from '../engine-client.ts';

type Models = {
  data: [{ id: string; max_model_len: number; root: string; parent: null; permission: object[] }];
};

const statusOf = async (url: string) => (await fetch(url)).status;

describe('what an engine tells about itself', () => {
  it('has one model, with its context length', async (t) => {
    const { url } = await startEngine(t, { model: 'tiny', contextLength: 123 });
    const { data } = (await getJson(`${url}/v1/models`)) as Models;
    const { id, max_model_len, root, parent, permission } = data[0];
    assert.deepEqual(
      [id, max_model_len, root, parent, permission.length],
      ['tiny', 123, 'tiny', null, 1],
    );
  });

  it('is healthy with an empty body', async (t) => {
    const { url } = await startEngine(t);
    for (const path of ['/health', '/ping']) {
      const response = await fetch(`${url}${path}`);
      assert.deepEqual([response.status, await response.text()], [200, '']);
    }
    assert.deepEqual(await getJson(`${url}/version`), { version: VERSION });
  });

  it('answers 503 to everything while it loads, then works', async (t) => {
    const { url } = await startEngine(t, { loadMs: 400 });
    for (const path of ['/health', '/v1/models', '/metrics', '/nope']) {
      assert.equal(await statusOf(`${url}${path}`), 503, path);
    }
    const { status, body } = await post(`${url}/v1/completions`, { prompt: 'x' });
    assert.equal(status, 503);
    assert.deepEqual(body, {
      error: {
        message: 'The model is loading.',
        type: 'ServiceUnavailableError',
        param: null,
        code: 503,
      },
    });
    assert.equal(((await getJson(`${url}/sim/stats`)) as { state: string }).state, 'loading');
    while ((await statusOf(`${url}/health`)) === 503) await sleep(20);
    assert.equal((await post(`${url}/v1/completions`, { prompt: 'x' })).status, 200);
  });

  it('tells how many requests it has', async (t) => {
    const { url } = await startEngine(t, { maxConcurrent: 1, fault: { stall_at_token: 1 } });
    const load = async () => (await getJson(`${url}/load`)) as { server_load: number };
    assert.deepEqual(await load(), { server_load: 0 });
    const calls = [1, 2].map(() => openPost(`${url}/v1/completions`, { prompt: 'x' }));
    while ((await load()).server_load < 2) await sleep(5);
    for (const call of calls) call.destroy();
    while ((await load()).server_load > 0) await sleep(5);
  });

  it('can be closed while it loads', async (t) => {
    const engine = await startEngine(t, { loadMs: 600_000 });
    await engine.close();
  });

  it('has vLLM’s metrics', async (t) => {
    const { url } = await startEngine(t, { model: 'a"b', answerTokens: 7 });
    await post(`${url}/v1/completions`, { prompt: 'Hello' });
    await post(`${url}/v1/completions`, { prompt: 'Hello', max_tokens: 2 });
    const text = await (await fetch(`${url}/metrics`)).text();
    const labels = 'engine="0",model_name="a\\"b"';
    for (const line of [
      `vllm:num_requests_running{${labels}} 0`,
      `vllm:num_requests_waiting{${labels}} 0`,
      `vllm:prompt_tokens_total{${labels}} 6`,
      `vllm:generation_tokens_total{${labels}} 9`,
      `vllm:request_success_total{${labels},finished_reason="stop"} 1`,
      `vllm:request_success_total{${labels},finished_reason="length"} 1`,
      `vllm:request_success_total{${labels},finished_reason="abort"} 0`,
      '# TYPE vllm:prompt_tokens_total counter',
    ]) {
      assert.ok(text.split('\n').includes(line), line);
    }
  });
});

describe('tokens of an engine', () => {
  it('tokenizes with the begin token or without, and shows the tokens on demand', async (t) => {
    const { url } = await startEngine(t, { contextLength: 99 });
    const plain = await post(`${url}/tokenize`, { prompt: '<s>Hi you' });
    const { tokens, ...rest } = plain.body as { tokens: number[] };
    assert.deepEqual(rest, { count: 4, max_model_len: 99, token_strs: null });
    assert.deepEqual(tokens.slice(0, 2), [1, 1]);
    const shown = await post(`${url}/tokenize`, {
      prompt: 'Hi you',
      add_special_tokens: false,
      return_token_strs: true,
    });
    assert.deepEqual((shown.body as { token_strs: string[] }).token_strs, ['Hi', ' you']);
    const empty = await post(`${url}/tokenize`, { prompt: '' });
    assert.equal((empty.body as { count: number }).count, 1);
  });

  it('tokenizes a conversation with the opening of the answer or without', async (t) => {
    const { url } = await startEngine(t);
    const messages = [{ role: 'user', content: 'Hi' }];
    const render = async (options: object) => {
      const { body } = await post(`${url}/tokenize`, { messages, ...options });
      const { tokens } = body as { tokens: number[] };
      return (await post(`${url}/detokenize`, { tokens })).body;
    };
    const turn = '<s><|user|>\nHi</s>\n';
    assert.deepEqual(await render({}), { prompt: `${turn}<|assistant|>\n` });
    assert.deepEqual(await render({ add_generation_prompt: false }), { prompt: turn });
  });
});
