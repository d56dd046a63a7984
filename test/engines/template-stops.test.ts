import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { HttpEngine } from '../../src/engines/http-engine.ts';
import { API_PROFILES } from '../../src/engines/profiles.ts';
import { ask, named, startWorker, until } from '../worker/worker-harness.ts';
import { startWordEngine } from './word-engine.ts';
import type { WordEngine } from './word-engine.ts';

const never = new AbortController().signal;

const SAMPLING = {
  ...{ maxNewTokens: 1, temperature: 0, topP: 1, topK: null, stop: [] },
  ...{ presencePenalty: 0, frequencyPenalty: 0, repetitionPenalty: 1 },
};

type Stops = {
  readonly stopTokenIds: readonly number[];
  readonly templateStopTokenIds?: readonly number[];
};

/** Sends one request for an answer after the other; its tokens are 0 to 99. */
async function open(
  t: TestContext,
  options: Partial<Parameters<typeof startWordEngine>[1]> = {},
): Promise<{ served: WordEngine; send: (stops: Stops) => Promise<void> }> {
  const served = await startWordEngine(t, { kind: 'vllm', contextLength: 4096, ...options });
  const { url, kind } = served;
  const profile = API_PROFILES[kind];
  const engine = new HttpEngine({ url, profile, model: 'm', idleTimeoutMs: 10_000 });
  t.after(() => engine.close());
  const prompt = { kind: 'text', text: 'Hi', hasSpecialTokens: false } as const;
  const sink = { begin: () => undefined, push: () => true };
  return {
    served,
    send: (stops) =>
      engine.generate({ prompt, sampling: { ...SAMPLING, ...stops }, sink, signal: never }),
  };
}

describe('a template’s stop tokens', () => {
  it('are sent beside the client’s, each once', async (t) => {
    const { served, send } = await open(t);

    await send({ stopTokenIds: [7, 2], templateStopTokenIds: [2, 3] });

    assert.deepEqual(served.sent?.['stop_token_ids'], [7, 2, 3]);
  });

  it('that the model lacks are left out, at the cost of one refusal', async (t) => {
    const { served, send } = await open(t);
    const stops = { stopTokenIds: [7], templateStopTokenIds: [2, 32_000, 32_007] };

    await send(stops);
    assert.deepEqual(served.sent?.['stop_token_ids'], [7, 2]);
    await send(stops);

    assert.equal(served.asked.length, 3);
  });

  it('that the model lacks break none of several requests at once', async (t) => {
    const { send } = await open(t);

    await Promise.all(
      [1, 2, 3].map(() => send({ stopTokenIds: [], templateStopTokenIds: [32_000] })),
    );
  });

  it('do not excuse the client’s own', async (t) => {
    const { served, send } = await open(t);
    const refusal = { code: 'invalid_request', param: 'stop_token_ids' };

    await assert.rejects(send({ stopTokenIds: [100] }), refusal);
    assert.equal(served.asked.length, 1);
    await assert.rejects(send({ stopTokenIds: [100], templateStopTokenIds: [101, 2] }), refusal);
    await assert.rejects(send({ stopTokenIds: [100], templateStopTokenIds: [100] }), refusal);
  });

  it('without a text are left out where an engine stops at texts only', async (t) => {
    const { served, send } = await open(t, { kind: 'llama.cpp', lacks: ['/detokenize'] });

    await send({ stopTokenIds: [], templateStopTokenIds: [32_000] });
    await send({ stopTokenIds: [], templateStopTokenIds: [32_000] });

    assert.equal(served.asked.filter((path) => path === '/detokenize').length, 1);
  });

  it('break nothing when FastChat’s server sends them as its own', async (t) => {
    const served = await startWordEngine(t, { kind: 'vllm', contextLength: 4096 });
    const template = named('llama-2');
    assert.ok(template.kind === 'conversation');
    const conversation = { ...template.conversation, stop_token_ids: [2, 128_009] };
    const replica = { id: 'm-engine-0', url: served.url, engine: 'vllm', model: 'm' } as const;
    const version = { template: { ...template, conversation }, replicas: [replica] };
    const services = [{ name: 'm', versions: [version] }];
    const worker = await startWorker(t, { role: 'worker', services });
    await until('ready', async () => (await ask(`${worker.url}/ready`)).status === 200);
    const turn = { role: 'user', text: 'Hi' };

    for (const fields of [
      { prompt: 'Hi', stop_token_ids: [2, 128_009] },
      { messages: [turn] },
      { messages: [turn], stop_token_ids: [2] },
    ]) {
      const reply = await ask(`${worker.url}/api/worker_generate`, {
        body: { ...fields, echo: false },
      });
      assert.equal(reply.status, 200, reply.text);
      assert.deepEqual(served.sent?.['stop_token_ids'], [2]);
    }
    const own = await ask(`${worker.url}/api/worker_generate`, {
      body: { prompt: 'Hi', stop_token_ids: [500] },
    });
    assert.equal(own.status, 400, own.text);
  });
});
