import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { HttpEngine } from '../../../src/engines/http-engine.ts';
import { API_PROFILES } from '../../../src/engines/profiles.ts';
import type { Prompt } from '../../../src/engines/engine.ts';
import { fitAnswer } from '../../../src/worker/admission/fit-answer.ts';
import { ask, oneService, startEngine, startWorker, until } from '../worker-harness.ts';
import { startWordEngine, TEMPLATE_WORDS } from '../../engines/word-engine.ts';
import type { WordEngine } from '../../engines/word-engine.ts';

const never = new AbortController().signal;

const SAMPLING = {
  ...{ maxNewTokens: 256, temperature: 0, topP: 1, topK: null, stop: [], stopTokenIds: [] },
  ...{ presencePenalty: 0, frequencyPenalty: 0, repetitionPenalty: 1 },
};

const words = (count: number): string => Array.from({ length: count }, () => 'w').join(' ');

const text = (count: number, hasSpecialTokens = false): Prompt => ({
  kind: 'text',
  text: words(count),
  hasSpecialTokens,
});

const chat = (count: number): Prompt => ({
  kind: 'chat',
  messages: [{ role: 'user', content: words(count) }],
});

function open(t: TestContext, { url, kind }: Pick<WordEngine, 'url' | 'kind'>): HttpEngine {
  const profile = API_PROFILES[kind];
  const engine = new HttpEngine({ url, profile, model: 'm', idleTimeoutMs: 10_000 });
  t.after(() => engine.close());
  return engine;
}

/** Fits the prompt and sends it; what the engine was asked for in between, and how many tokens it was asked to make. */
async function send(
  engine: HttpEngine,
  served: WordEngine,
  { prompt, maxNewTokens = 256 }: { prompt: Prompt; maxNewTokens?: number },
): Promise<{ readonly asked: readonly string[]; readonly maxTokens: unknown }> {
  const before = served.asked.length;
  const sampling = { ...SAMPLING, maxNewTokens };
  const fitted = await fitAnswer({ engine }, { prompt, sampling }, never);
  const sink = { begin: () => undefined, push: () => true };
  await engine.generate({ ...fitted, sink, signal: never });
  return { asked: served.asked.slice(before), maxTokens: served.sent?.['max_tokens'] };
}

describe('the length of an answer', () => {
  it('is what was asked for, without a question, where the prompt is short', async (t) => {
    for (const kind of ['vllm', 'llama.cpp'] as const) {
      const served = await startWordEngine(t, { kind, contextLength: 4096 });
      const engine = open(t, served);

      const first = await send(engine, served, { prompt: text(100) });
      const second = await send(engine, served, { prompt: text(100) });

      assert.deepEqual(first, {
        asked: ['/v1/models', '/v1/completions'],
        maxTokens: 256,
      });
      assert.deepEqual(second.asked, ['/v1/completions'], 'the context’s length is remembered');
    }
  });

  it('is cut to the room that the prompt leaves, as the engine itself counts it', async (t) => {
    for (const kind of ['vllm', 'llama.cpp'] as const) {
      const served = await startWordEngine(t, { kind, contextLength: 64 });
      const engine = open(t, served);
      const cases = [
        [text(40), 64 - 41],
        [text(40, true), 64 - 40],
        [chat(40), 64 - 40 - TEMPLATE_WORDS.length - (kind === 'llama.cpp' ? 1 : 0)],
        [text(62), 1],
      ] as const;

      for (const [prompt, room] of cases) {
        const { maxTokens } = await send(engine, served, { prompt });
        assert.equal(maxTokens, room, `${kind}: ${JSON.stringify(prompt)}`);
      }
    }
  });

  it('is what was asked for where a long prompt has few tokens', async (t) => {
    const served = await startWordEngine(t, { kind: 'vllm', contextLength: 500 });
    const prompt: Prompt = { kind: 'text', text: 'long'.repeat(500), hasSpecialTokens: false };

    assert.deepEqual(await send(open(t, served), served, { prompt }), {
      asked: ['/v1/models', '/tokenize', '/v1/completions'],
      maxTokens: 256,
    });
  });

  it('of a prompt without room is an overflow in FastChat’s words', async (t) => {
    for (const kind of ['vllm', 'llama.cpp'] as const) {
      const served = await startWordEngine(t, { kind, contextLength: 64 });
      const engine = open(t, served);

      for (const [prompt, count] of [
        [text(63), 64],
        [text(99), 100],
      ] as const) {
        await assert.rejects(send(engine, served, { prompt, maxNewTokens: 1 }), {
          code: 'context_overflow',
          message: `This model's maximum context length is 64 tokens. However, your messages resulted in ${count} tokens. Please reduce the length of the messages.`,
        });
      }
      assert.equal(served.sent, null, 'the engine never saw it');
    }
  });

  it('is left to an engine that cannot count, which is asked once whether it can', async (t) => {
    const cases = [
      { kind: 'openai', contextLength: 1000, asked: ['/v1/completions'] },
      {
        kind: 'vllm',
        contextLength: 1000,
        lacks: ['/tokenize'],
        asked: ['/v1/models', '/tokenize', '/v1/completions'],
      },
    ] as const;
    for (const { asked, ...options } of cases) {
      const served = await startWordEngine(t, options);
      const engine = open(t, served);
      const prompt: Prompt = { kind: 'text', text: 'long'.repeat(500), hasSpecialTokens: false };

      assert.deepEqual(await send(engine, served, { prompt }), { asked, maxTokens: 256 });
      assert.deepEqual((await send(engine, served, { prompt })).asked, ['/v1/completions']);
    }
  });

  it('is counted and tokenized by one question where tokens are sent', async (t) => {
    const served = await startWordEngine(t, { kind: 'llama.cpp', contextLength: 64 });
    const engine = open(t, served);

    const { asked, maxTokens } = await send(engine, served, { prompt: text(40, true) });

    assert.deepEqual(asked, ['/v1/models', '/tokenize', '/v1/completions']);
    assert.equal(maxTokens, 24);
  });

  it('needs no second count of a prompt that was just counted', async (t) => {
    const served = await startWordEngine(t, { kind: 'vllm', contextLength: 64 });
    const engine = open(t, served);
    await engine.countTokens(words(40), never);

    assert.deepEqual(await send(engine, served, { prompt: text(40) }), {
      asked: ['/v1/models', '/v1/completions'],
      maxTokens: 23,
    });
    // With its special tokens it is another prompt.
    assert.equal((await send(engine, served, { prompt: text(40, true) })).maxTokens, 24);
  });
});

describe('the context’s length', () => {
  it('is asked for again before anybody is refused by it', async (t) => {
    const served = await startWordEngine(t, { kind: 'llama.cpp', contextLength: 64 });
    const engine = open(t, served);
    await send(engine, served, { prompt: text(10) });

    served.contextLength = 128;

    assert.equal((await send(engine, served, { prompt: text(100) })).maxTokens, 27);
  });

  it('is asked for again when the engine refused what should have fitted', async (t) => {
    const served = await startWordEngine(t, { kind: 'vllm', contextLength: 4096 });
    const engine = open(t, served);
    await send(engine, served, { prompt: text(10) });
    served.contextLength = 64;

    await assert.rejects(send(engine, served, { prompt: text(10) }), { code: 'context_overflow' });

    assert.equal((await send(engine, served, { prompt: text(10) })).maxTokens, 53);
  });

  it('is asked for again when the engine was down, or loads', async (t) => {
    const engine = await startEngine(t, { contextLength: 64 });
    const adapter = open(t, { url: engine.url, kind: 'sim' });
    assert.equal(await adapter.contextLength(never), 64);
    await engine.close();
    assert.equal(await adapter.probe(never), 'down');
    const port = Number(new URL(engine.url).port);
    await startEngine(t, { contextLength: 128, port });

    assert.equal(await adapter.contextLength(never), 128);
  });
});

describe('a model with a context of 64', () => {
  it('answers requests that say no max_new_tokens, prompts and conversations, rendered here or there', async (t) => {
    const engine = await startEngine(t, { contextLength: 64, answerTokens: 500 });
    const requests = [
      { prompt: 'Hello you' },
      { messages: [{ role: 'user', text: 'Hello you' }] },
      { prompt: 'Hello you', max_new_tokens: 1_000_000 },
    ];
    for (const template of ['vicuna_v1.1', null]) {
      const worker = await startWorker(t, oneService('m', engine.url, { template }));
      await until('ready', async () => (await ask(`${worker.url}/ready`)).status === 200);
      for (const fields of requests) {
        const body = { ...fields, echo: false };
        const {
          status,
          json,
          text: raw,
        } = await ask(`${worker.url}/api/worker_generate`, { body });

        assert.equal(status, 200, raw);
        const usage = json['usage'] as Record<string, number>;
        assert.equal(json['finish_reason'], 'length');
        assert.equal(usage['total_tokens'], 64, raw);
      }
    }
  });

  it('refuses a prompt that fills it, with 40303 and the numbers, streamed and not', async (t) => {
    const engine = await startEngine(t, { contextLength: 64 });
    const worker = await startWorker(t, oneService('m', engine.url));
    const body = { prompt: 'word '.repeat(300), echo: false };

    for (const path of ['worker_generate', 'worker_generate_stream']) {
      const { status, json } = await ask(`${worker.url}/api/${path}`, { body });
      assert.deepEqual([status, json['error_code'], json['context_length']], [400, 40303, 64]);
      assert.match(String(json['error_message']), /is 64 tokens.*resulted in \d{3} tokens/);
    }
  });
});
