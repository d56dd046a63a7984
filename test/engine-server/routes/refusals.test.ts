import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { post, startEngine } from '../engine-client.ts';

type ErrorBody = { error: { message: string; type: string; param: string | null; code: number } };

type Case = {
  readonly path?: string;
  readonly body: unknown;
  readonly status?: number;
  readonly type: string;
  readonly param: string | null;
  readonly message: string | RegExp;
};

const chat = '/v1/chat/completions';
const user = [{ role: 'user', content: 'Hi' }];
/** What the validator says, and where. */
const wrong = (param: string, body: unknown, path?: string): Case => ({
  body,
  type: 'Bad Request',
  param,
  message: /^\d validation errors?:\n/,
  ...(path === undefined ? {} : { path }),
});
const refused = (message: string | RegExp, fields: object, param: string | null = null): Case => ({
  body: { prompt: 'x', ...fields },
  type: 'BadRequestError',
  param,
  message,
});
const refusedChat = (message: string, fields: object, param: string | null = null): Case => ({
  ...refused(message, { messages: user, ...fields }, param),
  path: chat,
});
const tooLong = (tokens: string): RegExp =>
  new RegExp(
    `^This model's maximum context length is 50 tokens\\. However, your prompt contains ${tokens} input tokens, ` +
      'which exceeds this limit even without any output tokens\\. Please reduce the length of the input prompt\\. ' +
      '\\(parameter=input_tokens, value=62\\)$',
  );

const CASES: Readonly<Record<string, Case>> = {
  'an unknown model': {
    body: { model: 'nope', prompt: 'x' },
    status: 404,
    type: 'NotFoundError',
    param: 'model',
    message: /^The model `nope` does not exist\. Valid aliases: sim\.$/,
  },

  // lengths
  'a prompt that is too long': refused(
    tooLong('at least 62'),
    { prompt: 'no '.repeat(60) },
    'input_tokens',
  ),
  'token ids that are too many': refused(
    tooLong('62'),
    { prompt: Array.from({ length: 62 }, () => 1) },
    'input_tokens',
  ),
  'a prompt that leaves no room': refused(
    'max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)',
    { prompt: Array.from({ length: 50 }, () => 1) },
    'max_tokens',
  ),
  'more tokens than the context has': refused(
    'max_tokens=51 cannot be greater than max_model_len=50. Please request fewer output tokens. (parameter=max_tokens, value=51)',
    { max_tokens: 51 },
    'max_tokens',
  ),
  'max_tokens 0': refused(
    'max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)',
    { max_tokens: 0 },
    'max_tokens',
  ),
  'min_tokens above max_tokens': refused(
    'min_tokens must be less than or equal to max_tokens=3, got 4.',
    { max_tokens: 3, min_tokens: 4 },
  ),
  'min_tokens above the ordinary length': refused(
    'min_tokens must be less than or equal to max_tokens=16, got 17.',
    { min_tokens: 17 },
  ),
  'negative min_tokens': refused('min_tokens must be greater than or equal to 0, got -1.', {
    min_tokens: -1,
  }),

  // ranges
  'a negative temperature': refused(
    'temperature must be non-negative, got -1. (parameter=temperature, value=-1)',
    { temperature: -1 },
    'temperature',
  ),
  'too high a temperature': refused(
    'temperature must be in [0, 2], got 2.5. (parameter=temperature, value=2.5)',
    { temperature: 2.5 },
    'temperature',
  ),
  'top_p 0': refused(
    'top_p must be in (0, 1], got 0. (parameter=top_p, value=0)',
    { top_p: 0 },
    'top_p',
  ),
  'top_k -2': refused('top_k must be 0 (disable), or at least 1, got -2.', { top_k: -2 }),
  'min_p 2': refused('min_p must be in [0, 1], got 2.', { min_p: 2 }),
  'a presence_penalty of 3': refused('presence_penalty must be in [-2, 2], got 3.', {
    presence_penalty: 3,
  }),
  'a frequency_penalty of -3': refused('frequency_penalty must be in [-2, 2], got -3.', {
    frequency_penalty: -3,
  }),
  'a repetition_penalty of 0': refused('repetition_penalty must be greater than zero, got 0.', {
    repetition_penalty: 0,
  }),
  'no answer': refused('n must be at least 1, got 0.', { n: 0 }),
  'two greedy answers': refused('n must be 1 when using greedy sampling, got 2.', {
    n: 2,
    temperature: 0,
  }),
  'two answers': refused('n must be 1, got 2.', { n: 2 }),
  'an empty stop string': refused('stop cannot contain an empty string.', { stop: ['a', ''] }),
  'a stop token that is none': refused(
    /^token_id\(s\) \[-1, -2\] in stop_token_ids contain out-of-vocab token ids\. Vocabulary size: \d+ \(parameter=stop_token_ids, value=\[-1, -2\]\)$/,
    { stop_token_ids: [-1, 5, -2] },
    'stop_token_ids',
  ),
  'a token id that is none': refused('Token id 1099511627776 is out of vocabulary', {
    prompt: [1, 2 ** 40],
  }),

  // types
  'a wrong type': wrong('body.max_tokens', { prompt: 'x', max_tokens: 'many' }),
  'two wrong types': {
    ...wrong('body.max_tokens', { prompt: 'x', max_tokens: 1.5, stream: 'yes' }),
    message: /^2 validation errors:\n/,
  },
  'a negative token id': wrong('body.prompt.1', { prompt: [1, -1] }),
  'a token id that is a text': wrong('body.prompt.1', { prompt: [1, 'a'] }),
  'a stop string that is a number': wrong('body.stop', { prompt: 'x', stop: [5] }),
  'a wrong type within an option': wrong('body.stream_options.include_usage', {
    prompt: 'x',
    stream: true,
    stream_options: { include_usage: 'perhaps' },
  }),
  'no object': wrong('body', []),
  'a body that is null': wrong('body', null),
  'several prompts': wrong('body.prompt', { prompt: ['a', 'b'] }),
  'a chat without messages': wrong('body.messages', {}, chat),
  'a message that says null': wrong(
    'body.messages.1.content',
    { messages: [...user, { role: 'user', content: null }] },
    chat,
  ),
  'a message without a role': wrong('body.messages.0.role', { messages: [{}] }, chat),
  'tokenizing nothing': wrong('body.prompt', {}, '/tokenize'),
  'detokenizing a negative id': wrong('body.tokens.0', { tokens: [-1] }, '/detokenize'),

  // what comes before the types
  'no prompt': refused(
    'Either prompt or prompt_embeds must be provided and non-empty. (parameter=prompt)',
    { prompt: undefined, max_tokens: 'many' },
    'prompt',
  ),
  'an empty prompt': refused(/non-empty\. \(parameter=prompt\)$/, { prompt: '' }, 'prompt'),
  'an empty list': refused('You must pass at least one prompt', { prompt: [] }),
  'an empty list in a list': refused('The decoder prompt cannot be empty', { prompt: [[]] }),
  'stream options without a stream': refused(
    'Stream options can only be defined when `stream=True`. (parameter=stream_options)',
    { stream_options: 5 },
    'stream_options',
  ),
  'a suffix': refused(
    'suffix is only supported for models with FIM completion rendering',
    { suffix: '.' },
    'suffix',
  ),

  // conversations
  'a chat of no messages': refusedChat(
    'Cannot apply chat template to an empty conversation. Provide at least one message.',
    { messages: [] },
  ),
  'a chat that is to go on and to begin': refusedChat(
    'Cannot set both `continue_final_message` and `add_generation_prompt` to True.',
    { add_generation_prompt: true, continue_final_message: true },
  ),
  'a picture': refusedChat('sim is not a multimodal model', {
    messages: [{ role: 'user', content: [{ type: 'image_url' }] }],
  }),
  'no tools': refusedChat(
    '`tools` must not be an empty array. Either provide at least one tool or omit the field entirely. (parameter=tools)',
    { tools: [] },
    'tools',
  ),
  'a tool': refusedChat(
    '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    { tools: [{ type: 'function', function: { name: 'f' } }] },
  ),
  'tokenizing for an unknown model': {
    path: '/tokenize',
    body: { model: 'nope', prompt: 'x' },
    status: 404,
    type: 'NotFoundError',
    param: 'model',
    message: /nope/,
  },
};

describe('a request that the engine server refuses', () => {
  for (const [name, { path = '/v1/completions', body, status = 400, ...wanted }] of Object.entries(
    CASES,
  )) {
    it(`has vLLM’s words for ${name}`, async (t) => {
      const { url } = await startEngine(t, { contextLength: 50 });
      const reply = await post(`${url}${path}`, body);
      const { error } = reply.body as ErrorBody;
      if (typeof wanted.message === 'string') assert.equal(error.message, wanted.message);
      else assert.match(error.message, wanted.message);
      assert.deepEqual(
        { status: reply.status, type: error.type, param: error.param, code: error.code },
        { status, type: wanted.type, param: wanted.param, code: status },
      );
    });
  }

  it('for stop tokens that are none is refused in the stream, where one is asked for, as by vLLM', async (t) => {
    const { url } = await startEngine(t, {});
    const body = { model: 'sim', prompt: 'x', stop_token_ids: [-1], stream: true };

    const reply = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

    assert.equal(reply.status, 200);
    assert.match(
      await reply.text(),
      /^data: {"error":{"message":"token_id.*"param":"stop_token_ids","code":400}}\n\ndata: \[DONE\]\n\n$/,
    );
    const stats = (await (await fetch(`${url}/sim/stats`)).json()) as { rejected: number };
    assert.equal(stats.rejected, 1);
  });
});
