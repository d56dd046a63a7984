import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';

import fc from 'fast-check';

import { VERSION } from '../../../src/version.ts';
import {
  type Choice,
  type Event,
  joinText,
  openPost,
  post,
  readUntilBroken,
  replyOf,
  startEngine,
  statsOf,
  stream,
  type Usage,
} from '../engine-client.ts';

type Completion = { id: string; choices: [Choice & { text: string }]; usage: Usage };

async function start(t: TestContext, options: Parameters<typeof startEngine>[1] = {}) {
  const engine = await startEngine(t, options);
  const url = `${engine.url}/v1/completions`;
  const complete = async (body: object) => {
    const { status, body: reply } = await post(url, { prompt: 'Hello', ...body });
    assert.equal(status, 200, JSON.stringify(reply));
    const { choices, usage } = reply as Completion;
    return { ...choices[0], usage, reply };
  };
  return { engine, url, complete };
}

const lastChoice = (events: readonly Event[]) =>
  events.findLast(({ choices }) => choices?.length === 1)?.choices?.[0];

describe('POST /v1/completions', () => {
  it('has the fields of vLLM in one piece', async (t) => {
    const { complete } = await start(t, { answerTokens: 3 });
    const { reply } = await complete({ model: 'sim' });
    const { id, created, ...rest } = reply as Completion & { created: number };
    assert.match(id, /^cmpl-[0-9a-f]{32}$/);
    assert.equal(Number.isInteger(created), true);
    assert.deepEqual(rest, {
      object: 'text_completion',
      model: 'sim',
      choices: [
        {
          index: 0,
          text: 'This is',
          logprobs: null,
          finish_reason: 'stop',
          stop_reason: null,
          token_ids: null,
          prompt_logprobs: null,
          prompt_token_ids: null,
          routed_experts: null,
        },
      ],
      service_tier: null,
      system_fingerprint: `llm-ops-${VERSION}`,
      usage: {
        prompt_tokens: 3,
        total_tokens: 6,
        completion_tokens: 3,
        prompt_tokens_details: null,
        completion_tokens_details: null,
      },
      kv_transfer_params: null,
      ec_transfer_params: null,
      metrics: null,
    });
  });

  it('has the fields of vLLM in a stream: one event per token, the finish on the last one, [DONE]', async (t) => {
    const { url } = await start(t, { answerTokens: 3 });
    const { events, isDone } = await stream(url, { prompt: 'Hello' });
    assert.equal(isDone, true);
    const choice = (text: string, finish: string | null) => ({
      index: 0,
      text,
      logprobs: null,
      finish_reason: finish,
      stop_reason: null,
      prompt_token_ids: null,
      token_ids: null,
    });
    assert.deepEqual(
      events.map(({ choices }) => choices?.[0]),
      [choice('This', null), choice(' is', null), choice('', 'stop')],
    );
    assert.equal(new Set(events.map(({ id }) => id)).size, 1);
    assert.deepEqual(Object.keys(events[0]!), ['id', 'object', 'created', 'model', 'choices']);
    assert.equal(events[0]!.object, 'text_completion');
  });

  it('says the usage in a stream only when asked, in a last event without choices', async (t) => {
    const { url } = await start(t, { answerTokens: 2 });
    const usage = (completion: number) => ({
      prompt_tokens: 3,
      total_tokens: 3 + completion,
      completion_tokens: completion,
    });
    const ask = async (options: object) => {
      const { events } = await stream(url, { prompt: 'Hello', stream_options: options });
      return events.map((event) => event.usage);
    };
    assert.deepEqual(await ask({}), [undefined, undefined]);
    assert.deepEqual(await ask({ include_usage: true }), [undefined, undefined, usage(2)]);
    const all = { include_usage: true, continuous_usage_stats: true };
    assert.deepEqual(await ask(all), [usage(1), usage(2), usage(2)]);
  });

  it('counts the prompt as /tokenize does, in all its forms', async (t) => {
    const { engine, complete } = await start(t);
    const prompt = 'Zwei Wörter und 世界 🙂';
    const tokenized = await post(`${engine.url}/tokenize`, { prompt });
    const { count, tokens } = tokenized.body as { count: number; tokens: number[] };
    const replies = await Promise.all(
      [prompt, [prompt], tokens, [tokens]].map((form) => complete({ prompt: form })),
    );
    assert.deepEqual(new Set(replies.map(({ usage }) => usage.prompt_tokens)), new Set([count]));
    assert.equal(new Set(replies.map(({ text }) => text)).size, 1);
    const bare = await complete({ prompt, add_special_tokens: false });
    assert.equal(bare.usage.prompt_tokens, count - 1);
  });

  it('ends by max_tokens, and after 16 tokens without it or with null', async (t) => {
    const { complete } = await start(t);
    const cut = await complete({ max_tokens: 4 });
    assert.equal(cut.text, 'This is a sim');
    assert.deepEqual([cut.finish_reason, cut.usage.completion_tokens], ['length', 4]);
    for (const body of [{}, { max_tokens: null }]) {
      const ordinary = await complete(body);
      assert.deepEqual([ordinary.finish_reason, ordinary.usage.completion_tokens], ['length', 16]);
    }
  });

  it('is cut to the room that the prompt leaves, whatever max_tokens asks for', async (t) => {
    const { url, complete } = await start(t, { contextLength: 15 });
    for (const body of [{}, { max_tokens: 13 }, { max_tokens: 15 }]) {
      const { finish_reason, usage } = await complete(body);
      assert.deepEqual([finish_reason, usage.total_tokens], ['length', 15]);
    }
    const options = { max_tokens: 15, stream_options: { include_usage: true } };
    const { events } = await stream(url, { prompt: 'Hello', ...options });
    assert.equal(events.at(-1)?.usage?.total_tokens, 15);
  });

  it('ends at a stop string, in front of it or behind it', async (t) => {
    const { complete } = await start(t);
    const stopped = await complete({ stop: ['nothing of it', 'lated ans'] });
    assert.equal(stopped.text, 'This is a simu');
    assert.deepEqual([stopped.finish_reason, stopped.stop_reason], ['stop', 'lated ans']);
    // "This| is| a| sim|ulat|ed| ans": the stop string ends with the seventh token.
    assert.equal(stopped.usage.completion_tokens, 7);
    const included = await complete({ stop: 'lated ans', include_stop_str_in_output: true });
    assert.equal(included.text, 'This is a simulated ans');
    const later = await complete({ stop: 'a', min_tokens: 5 });
    assert.equal(later.text, 'This is a simulated ');
  });

  it('ends at a stop token', async (t) => {
    const { engine, complete } = await start(t);
    const { tokens } = (
      await post(`${engine.url}/tokenize`, { prompt: ' a', add_special_tokens: false })
    ).body as { tokens: [number] };
    const stopped = await complete({ stop_token_ids: tokens });
    assert.equal(stopped.text, 'This is');
    assert.deepEqual([stopped.finish_reason, stopped.stop_reason], ['stop', tokens[0]]);
    assert.equal(stopped.usage.completion_tokens, 3);
    const included = await complete({ stop_token_ids: tokens, include_stop_str_in_output: true });
    assert.equal(included.text, 'This is a');
    const later = await complete({ stop_token_ids: tokens, min_tokens: 3, max_tokens: 6 });
    assert.equal(later.finish_reason, 'length');
  });

  it('goes on behind its end with ignore_eos, which shows only among the special tokens', async (t) => {
    const { complete } = await start(t, { answerTokens: 5 });
    const on = await complete({ ignore_eos: true, max_tokens: 9 });
    assert.deepEqual([on.finish_reason, on.usage.completion_tokens], ['length', 9]);
    assert.equal(on.text.includes('</s>'), false);
    const shown = await complete({ ignore_eos: true, max_tokens: 9, skip_special_tokens: false });
    assert.match(shown.text, /^This is a sim<\/s> /);
  });

  it('does not end before min_tokens', async (t) => {
    const { complete } = await start(t, { answerTokens: 5 });
    assert.equal((await complete({ min_tokens: 20, max_tokens: 50 })).usage.completion_tokens, 21);
  });

  it('puts the prompt in front with echo, and says nothing more with max_tokens 0', async (t) => {
    const { engine, url, complete } = await start(t, { answerTokens: 3 });
    assert.equal((await complete({ echo: true })).text, 'HelloThis is');
    const { events } = await stream(url, { prompt: 'Hello', echo: true });
    assert.equal(events[0]?.choices?.[0]?.text, 'HelloThis');
    assert.equal(joinText(events), 'HelloThis is');
    const silent = await complete({ echo: true, max_tokens: 0 });
    assert.equal(silent.text, 'Hello');
    assert.equal(silent.usage.completion_tokens, 0);
    const { tokens } = (await post(`${engine.url}/tokenize`, { prompt: 'Hello' })).body as {
      tokens: number[];
    };
    assert.equal((await complete({ prompt: tokens, echo: true })).text, '<s>HelloThis is');
  });

  it('gives the same text always, and another one only for a seed with a temperature', async (t) => {
    const { complete } = await start(t);
    const ask = async (body: object) => (await complete({ max_tokens: 200, ...body })).text;
    const text = await ask({});
    assert.equal(await ask({ top_p: 0.5, top_k: 3 }), text);
    assert.notEqual(await ask({ temperature: 1, seed: 1 }), text);
    assert.equal(await ask({ temperature: 0, seed: 1 }), text);
  });

  it('streams the text that it gives in one piece, whatever stops it', async (t) => {
    const { url, complete } = await start(t, { answerTokens: 60 });
    const part = fc.tuple(fc.nat(250), fc.integer({ min: 1, max: 12 }));
    const { text } = await complete({ prompt: 'Stop somewhere', max_tokens: 70 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { maxLength: 3 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 70 }),
        async (parts, include, maxTokens) => {
          const stop = parts.map(([at, length]) => text.slice(at, at + length)).filter(Boolean);
          const body = {
            prompt: 'Stop somewhere',
            stop,
            include_stop_str_in_output: include,
            max_tokens: maxTokens,
          };
          const whole = await complete(body);
          const { events } = await stream(url, {
            ...body,
            stream_options: { include_usage: true },
          });
          assert.equal(joinText(events), whole.text);
          assert.equal(events.at(-1)?.usage?.completion_tokens, whole.usage.completion_tokens);
          assert.equal(lastChoice(events)?.finish_reason, whole.finish_reason);
          assert.equal(lastChoice(events)?.stop_reason, whole.stop_reason);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('names its reply after the request', async (t) => {
    const { url } = await start(t, { answerTokens: 1 });
    const ask = async (headers: Record<string, string>, body: object) => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ prompt: 'x', ...body }),
      });
      return ((await response.json()) as Completion).id;
    };
    assert.equal(await ask({}, { request_id: 'body' }), 'cmpl-body');
    assert.equal(await ask({ 'x-request-id': 'head' }, { request_id: 'body' }), 'cmpl-head');
  });

  it('sends the head of a stream before its first token, and each token when it is there', async (t) => {
    const { engine, url } = await start(t, { answerTokens: 3, fault: { stall_at_token: 1 } });
    const call = openPost(url, { prompt: 'x', stream: true });
    const response = await replyOf(call);
    assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
    const [chunk] = (await once(response, 'data')) as [Buffer];
    assert.match(chunk.toString(), /"text":"This"/);
    call.destroy();
    await readUntilBroken(response);
    assert.equal((await statsOf(engine)).requests, 1);
  });

  it('answers many at once, each with its own text', async (t) => {
    const { engine, complete } = await start(t, {
      itlMs: 1,
      maxConcurrent: 4,
      answerTokens: 50,
    });
    const prompts = Array.from({ length: 16 }, (_, i) => `Prompt number ${i}`);
    const ask = (prompt: string) => complete({ prompt, max_tokens: 50 });
    const together = await Promise.all(prompts.map((prompt) => ask(prompt)));
    const alone = [];
    for (const prompt of prompts) alone.push(await ask(prompt));
    assert.deepEqual(
      together.map(({ text }) => text),
      alone.map(({ text }) => text),
    );
    const stats = await statsOf(engine);
    const sum = [...together, ...alone].reduce((n, { usage }) => n + usage.completion_tokens, 0);
    assert.deepEqual(
      [stats.completed, stats.running, stats.waiting, stats.peak_running, stats.completion_tokens],
      [32, 0, 0, 4, sum],
    );
  });
});
