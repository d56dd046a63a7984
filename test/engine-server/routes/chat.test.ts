import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { VERSION } from '../../../src/version.ts';
import { type Choice, joinText, post, startEngine, stream, type Usage } from '../engine-client.ts';

type Chat = { id: string; choices: [Choice]; usage: Usage };

const messages = [{ role: 'user', content: 'Hi' }];

describe('POST /v1/chat/completions', () => {
  it('has the fields of vLLM in one piece', async (t) => {
    const { url } = await startEngine(t, { answerTokens: 3 });
    const { body } = await post(`${url}/v1/chat/completions`, { messages });
    const { id, created, ...rest } = body as Chat & { created: number };
    assert.match(id, /^chatcmpl-[0-9a-f]{32}$/);
    assert.equal(Number.isInteger(created), true);
    assert.deepEqual(rest, {
      object: 'chat.completion',
      model: 'sim',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: 'This is',
            refusal: null,
            annotations: null,
            audio: null,
            function_call: null,
            reasoning: null,
          },
          logprobs: null,
          finish_reason: 'stop',
          stop_reason: null,
          token_ids: null,
          routed_experts: null,
        },
      ],
      service_tier: null,
      system_fingerprint: `llm-ops-${VERSION}`,
      usage: {
        prompt_tokens: 8,
        total_tokens: 11,
        completion_tokens: 3,
        prompt_tokens_details: null,
        completion_tokens_details: null,
      },
      prompt_logprobs: null,
      prompt_token_ids: null,
      prompt_text: null,
      kv_transfer_params: null,
      ec_transfer_params: null,
      metrics: null,
    });
  });

  it('begins a stream with the role, and has a stop reason only with the finish', async (t) => {
    const { url } = await startEngine(t, { answerTokens: 3 });
    const { events, isDone } = await stream(`${url}/v1/chat/completions`, { messages });
    assert.equal(isDone, true);
    const common = { index: 0, logprobs: null };
    assert.deepEqual(
      events.map(({ choices }) => choices?.[0]),
      [
        { ...common, delta: { role: 'assistant', content: '' }, finish_reason: null },
        { ...common, delta: { content: 'This' }, finish_reason: null, token_ids: null },
        { ...common, delta: { content: ' is' }, finish_reason: null, token_ids: null },
        {
          ...common,
          delta: { content: '' },
          finish_reason: 'stop',
          stop_reason: null,
          token_ids: null,
        },
      ],
    );
    assert.equal(events[0]?.object, 'chat.completion.chunk');
  });

  it('says the usage so far in every event when asked', async (t) => {
    const { url } = await startEngine(t, { answerTokens: 2 });
    const { events } = await stream(`${url}/v1/chat/completions`, {
      messages,
      stream_options: { include_usage: true, continuous_usage_stats: true },
    });
    assert.deepEqual(
      events.map(({ usage }) => usage?.completion_tokens),
      [0, 1, 2, 2],
    );
    assert.deepEqual(events.at(-1)?.choices, []);
  });

  it('counts the prompt as /tokenize counts the conversation', async (t) => {
    const { url } = await startEngine(t);
    const long = [{ role: 'system', content: 'Be kind.' }, ...messages];
    const { body } = await post(`${url}/tokenize`, { messages: long });
    const chat = await post(`${url}/v1/chat/completions`, { messages: long });
    assert.equal((chat.body as Chat).usage.prompt_tokens, (body as { count: number }).count);
  });

  it('reads the text parts of a message, and those that have none', async (t) => {
    const { url } = await startEngine(t);
    const ask = async (content: unknown, role = 'user') => {
      const { body } = await post(`${url}/v1/chat/completions`, {
        messages: [{ role, content }],
      });
      return (body as Chat).choices[0].message?.content;
    };
    const parts = [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ];
    assert.equal(await ask(parts), await ask('one\ntwo'));
    assert.equal(await ask(undefined), await ask(''));
    // What an assistant that only called tools has said.
    assert.equal(await ask(null, 'assistant'), await ask('', 'assistant'));
  });

  it('prefers max_completion_tokens to max_tokens', async (t) => {
    const { url } = await startEngine(t);
    const { events } = await stream(`${url}/v1/chat/completions`, {
      messages,
      max_completion_tokens: 2,
      max_tokens: 5,
    });
    assert.equal(joinText(events), 'This is');
  });

  it('may fill the context without max_tokens', async (t) => {
    const { url } = await startEngine(t, { contextLength: 60 });
    const { body } = await post(`${url}/v1/chat/completions`, { messages, ignore_eos: true });
    const { choices, usage } = body as Chat;
    assert.deepEqual([choices[0].finish_reason, usage.total_tokens], ['length', 60]);
  });

  it('takes tools that are not to be called, and roles of any name', async (t) => {
    const { url } = await startEngine(t);
    const { status } = await post(`${url}/v1/chat/completions`, {
      messages: [...messages, { role: 'pirate', content: 'Arr' }],
      tools: [{ type: 'function', function: { name: 'f' } }],
      tool_choice: 'none',
    });
    assert.equal(status, 200);
  });
});
