import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LlmOpsError } from '../../../src/errors.ts';
import { parseGenerateRequest } from '../../../src/worker/answer/generate-request.ts';

const TYPE = 'invalid_request';
const RANGE = 'param_out_of_range';

const chat = (fields: object): unknown => ({
  generation_mode: 'chat',
  messages: [{ role: 'user', text: 'Hi' }],
  ...fields,
});

describe('a generate request', () => {
  it('has the defaults of the protocol', () => {
    const request = parseGenerateRequest({ prompt: 'Hi' });

    assert.deepEqual(request, {
      input: { kind: 'completion', prompt: 'Hi' },
      echo: null,
      modelIdentifier: null,
      streamMode: 'cumulative',
      sampling: {
        maxNewTokens: 256,
        temperature: 1,
        topP: 1,
        topK: null,
        presencePenalty: 0,
        frequencyPenalty: 0,
        repetitionPenalty: 1,
        stop: [],
        stopTokenIds: [],
      },
    });
  });

  it('takes the roles of both worlds, and no role is lost', () => {
    const { input } = parseGenerateRequest(
      chat({
        messages: [
          { role: 'system', text: 'Be kind.' },
          { role: 'human', text: 'a' },
          { role: 'ai', text: 'b' },
          { role: 'user', content: 'c' },
          { role: 'assistant', text: 'd' },
        ],
      }),
    );

    assert.deepEqual(input, {
      kind: 'chat',
      system: 'Be kind.',
      turns: [
        { role: 'user', text: 'a' },
        { role: 'assistant', text: 'b' },
        { role: 'user', text: 'c' },
        { role: 'assistant', text: 'd' },
      ],
    });
  });

  it('keeps the system message and system turns, an empty one apart from none', () => {
    const system = (fields: object): unknown => {
      const { input } = parseGenerateRequest(chat(fields));
      return input.kind === 'chat' ? input.system : undefined;
    };

    assert.equal(system({}), null);
    assert.equal(system({ system_message: null }), null);
    assert.equal(system({ system_message: '' }), '');
    assert.equal(
      system({
        system_message: 'One.',
        messages: [
          { role: 'system', text: 'Two.' },
          { role: 'user', text: 'x' },
        ],
      }),
      'One.\n\nTwo.',
    );
  });

  it('clamps as FastChat does, and reads numbers in strings', () => {
    const { sampling } = parseGenerateRequest({
      prompt: '',
      temperature: '0',
      top_p: 0,
      top_k: -1,
      max_new_tokens: '12',
      stop: 'END',
    });

    assert.equal(sampling.temperature, 0);
    assert.equal(sampling.topP, 1);
    assert.equal(parseGenerateRequest({ prompt: '', top_p: 0 }).sampling.topP, 1e-5);
    assert.equal(sampling.topK, null);
    assert.equal(sampling.maxNewTokens, 12);
    assert.deepEqual(sampling.stop, ['END']);
  });

  it('reads a text of very many digits once, not once for each of them', () => {
    const body = { prompt: 'Hi', temperature: `${'1'.repeat(100_000)}x` };
    const begunAt = performance.now();

    assert.throws(() => parseGenerateRequest(body), { code: TYPE, param: 'temperature' });

    // It is a millisecond, and was a quarter of a minute, in which no other request got anything.
    assert.ok(performance.now() - begunAt < 5_000);
  });

  it('takes null for a field that is not there', () => {
    const fields = [
      ...['generation_mode', 'model_identifier', 'messages', 'system_message', 'echo', 'images'],
      ...['temperature', 'top_p', 'top_k', 'presence_penalty', 'frequency_penalty'],
      ...['repetition_penalty', 'max_new_tokens', 'stop', 'stop_token_ids', 'stream_mode'],
    ];
    const nothing = Object.fromEntries(fields.map((field) => [field, null]));

    assert.deepEqual(
      parseGenerateRequest({ prompt: 'Hi', ...nothing }),
      parseGenerateRequest({ prompt: 'Hi' }),
    );
  });

  it('takes each field of the protocol', () => {
    const request = parseGenerateRequest({
      prompt: 'Hi',
      echo: false,
      model_identifier: 'm',
      stream_mode: 'delta',
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      presence_penalty: -2,
      frequency_penalty: 2,
      repetition_penalty: 1.2,
      max_new_tokens: 1,
      stop: ['', 'END', '\n'],
      stop_token_ids: [0, 2],
    });

    assert.deepEqual(request, {
      input: { kind: 'completion', prompt: 'Hi' },
      echo: false,
      modelIdentifier: 'm',
      streamMode: 'delta',
      sampling: {
        maxNewTokens: 1,
        temperature: 0.5,
        topP: 0.9,
        topK: 40,
        presencePenalty: -2,
        frequencyPenalty: 2,
        repetitionPenalty: 1.2,
        stop: ['END', '\n'],
        stopTokenIds: [0, 2],
      },
    });
  });

  it('ignores what neither project’s worker reads, whatever it is', () => {
    const unread = {
      model: 'another',
      request_id: 7,
      request: null,
      n: 3,
      best_of: 2,
      use_beam_search: true,
      logprobs: 1,
      spec: {},
      judge_sent_end: true,
      seed: 'x',
    };

    assert.deepEqual(
      parseGenerateRequest({ prompt: 'Hi', ...unread }),
      parseGenerateRequest({ prompt: 'Hi' }),
    );
  });

  it('clamps a small top_p, and one beside a temperature that means greedy', () => {
    const topP = (fields: object): number =>
      parseGenerateRequest({ prompt: '', ...fields }).sampling.topP;

    assert.equal(topP({ top_p: -1 }), 1e-5);
    assert.equal(topP({ top_p: 0.2, temperature: 1e-5 }), 1);
    assert.equal(topP({ top_p: 0.2, temperature: 1.1e-5 }), 0.2);
  });

  it('has no top_k when it is -1, as a number of either kind or in a text, or 0', () => {
    for (const raw of ['-1', '-1.0', '"-1.0"', '0']) {
      const body: unknown = JSON.parse(`{"prompt": "", "top_k": ${raw}}`);
      assert.equal(parseGenerateRequest(body).sampling.topK, null, raw);
    }
  });

  it('has stop texts as one or several, and no empty one', () => {
    for (const [stop, texts] of [
      ['', []],
      ['X', ['X']],
      [[], []],
      [
        ['', 'X', 'Y'],
        ['X', 'Y'],
      ],
    ])
      assert.deepEqual(parseGenerateRequest({ prompt: '', stop }).sampling.stop, texts);
  });

  it('means a chat when it has messages only, a completion when it has a prompt', () => {
    assert.equal(parseGenerateRequest(chat({ generation_mode: undefined })).input.kind, 'chat');
    assert.equal(parseGenerateRequest({ prompt: 'x', messages: [] }).input.kind, 'completion');
  });

  const refused: readonly [what: string, body: unknown, code: string, param: string | null][] = [
    ['no object', [1], TYPE, null],
    ['nothing at all', undefined, TYPE, null],
    ['a missing prompt', { generation_mode: 'completion' }, TYPE, 'prompt'],
    ['missing messages', { generation_mode: 'chat' }, TYPE, 'messages'],
    ['no message', chat({ messages: [] }), TYPE, 'messages'],
    ['a wrong role', chat({ messages: [{ role: 'robot', text: '' }] }), TYPE, 'messages.0.role'],
    [
      'a role of the language’s own objects',
      chat({ messages: [{ role: 'constructor', text: '' }] }),
      TYPE,
      'messages.0.role',
    ],
    ['a message without text', chat({ messages: [{ role: 'user' }] }), TYPE, 'messages.0.text'],
    ['an unknown mode', { generation_mode: 'poem' }, TYPE, 'generation_mode'],
    ['a prompt that is a number', { prompt: 5 }, TYPE, 'prompt'],
    ['echo as text', { prompt: '', echo: 'no' }, TYPE, 'echo'],
    ['a temperature in words', { prompt: '', temperature: 'hot' }, TYPE, 'temperature'],
    ['a negative temperature', { prompt: '', temperature: -1 }, RANGE, 'temperature'],
    ['top_p above 1', { prompt: '', top_p: 1.5 }, RANGE, 'top_p'],
    ['no tokens', { prompt: '', max_new_tokens: 0 }, RANGE, 'max_new_tokens'],
    ['a negative token count', { prompt: '', max_new_tokens: '-3' }, RANGE, 'max_new_tokens'],
    ['half a token', { prompt: '', max_new_tokens: 1.5 }, TYPE, 'max_new_tokens'],
    ['endless tokens', { prompt: '', max_new_tokens: 1e30 }, RANGE, 'max_new_tokens'],
    ['a list of temperatures', { prompt: '', temperature: [1] }, TYPE, 'temperature'],
    ['top_p in words', { prompt: '', top_p: 'most' }, TYPE, 'top_p'],
    ['half a top_k', { prompt: '', top_k: 2.5 }, TYPE, 'top_k'],
    ['a top_k below -1', { prompt: '', top_k: -2 }, RANGE, 'top_k'],
    ['a presence_penalty above 2', { prompt: '', presence_penalty: 3 }, RANGE, 'presence_penalty'],
    [
      'a true frequency_penalty',
      { prompt: '', frequency_penalty: true },
      TYPE,
      'frequency_penalty',
    ],
    ['no repetition_penalty', { prompt: '', repetition_penalty: 0 }, RANGE, 'repetition_penalty'],
    ['stop as a number', { prompt: '', stop: 7 }, TYPE, 'stop'],
    ['stop as a list of numbers', { prompt: '', stop: [7] }, TYPE, 'stop'],
    ['too many stop texts', { prompt: '', stop: Array<string>(1025).fill('x') }, RANGE, 'stop'],
    [
      'too many stop tokens',
      { prompt: '', stop_token_ids: Array<number>(1025).fill(1) },
      RANGE,
      'stop_token_ids',
    ],
    ['a stop token in letters', { prompt: '', stop_token_ids: ['x'] }, TYPE, 'stop_token_ids.0'],
    ['a stop token below 0', { prompt: '', stop_token_ids: [-1] }, RANGE, 'stop_token_ids.0'],
    ['one stop token alone', { prompt: '', stop_token_ids: 2 }, TYPE, 'stop_token_ids'],
    ['a stream mode that does not exist', { prompt: '', stream_mode: 'x' }, TYPE, 'stream_mode'],
    ['a stream mode that is none', { prompt: '', stream_mode: true }, TYPE, 'stream_mode'],
    ['pictures', { prompt: '', images: ['iVBORw0KGgo='] }, RANGE, 'images'],
    ['messages as a text', { messages: 'Hi' }, TYPE, 'messages'],
    ['a system message that is a number', chat({ system_message: 1 }), TYPE, 'system_message'],
    [
      'a model_identifier that is a number',
      chat({ model_identifier: 1 }),
      TYPE,
      'model_identifier',
    ],
  ];
  for (const [what, body, code, param] of refused) {
    it(`with ${what} is refused, naming the field`, () => {
      assert.throws(
        () => parseGenerateRequest(body),
        (error: LlmOpsError) => {
          assert.deepEqual([error.code, error.param], [code, param]);
          // People read the message alone.
          for (const word of param?.split('.') ?? []) assert.ok(error.message.includes(word), word);
          return true;
        },
      );
    });
  }
});
