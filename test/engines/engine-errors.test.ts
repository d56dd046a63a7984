import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LlmOpsError } from '../../src/errors.ts';
import { toConnectionError, toEngineError } from '../../src/engines/engine-errors.ts';

const CASES: readonly [
  what: string,
  status: number,
  body: unknown,
  code: string,
  message: RegExp,
][] = [
  [
    "vLLM's overflow of the prompt",
    400,
    {
      error: {
        message:
          "This model's maximum context length is 64 tokens. However, you requested 8 output tokens and your prompt contains at least 65 input tokens",
        type: 'BadRequestError',
        param: 'input_tokens',
        code: 400,
      },
    },
    'context_overflow',
    /maximum context length is 64/,
  ],
  [
    "vLLM's prompt that leaves no room for an answer",
    400,
    JSON.stringify({
      error: {
        message: 'max_tokens must be at least 1, got 0. (parameter=max_tokens, value=0)',
        type: 'BadRequestError',
        param: 'max_tokens',
        code: 400,
      },
    }),
    'context_overflow',
    /at least 1, got 0/,
  ],
  [
    "vLLM's overflow by max_tokens",
    400,
    {
      error: {
        message:
          "'max_tokens' or 'max_completion_tokens' is too large: 900. This model's maximum context length is 64 tokens and your request has 3 input tokens",
        type: 'BadRequestError',
        param: 'max_tokens',
        code: 400,
      },
    },
    'context_overflow',
    /too large: 900/,
  ],
  [
    "vLLM's max_tokens beyond the whole context",
    400,
    {
      error: {
        message:
          'max_tokens=5000 cannot be greater than max_model_len=1024. Please request fewer output tokens. (parameter=max_tokens, value=5000)',
        type: 'BadRequestError',
        param: 'max_tokens',
        code: 400,
      },
    },
    'context_overflow',
    /max_model_len=1024/,
  ],
  [
    "llama.cpp's overflow",
    400,
    {
      error: {
        code: 400,
        message:
          'request (1502 tokens) exceeds the available context size (1024 tokens), try increasing it',
        type: 'exceed_context_size_error',
      },
    },
    'context_overflow',
    /1502 tokens/,
  ],
  [
    'a bad parameter',
    400,
    { error: { message: 'temperature must be non-negative', type: 'BadRequestError', code: 400 } },
    'invalid_request',
    /non-negative/,
  ],
  ['an error that is text', 401, { error: 'Unauthorized' }, 'engine_failed', /Unauthorized/],
  ['a flat error', 404, { object: 'error', message: 'no model' }, 'engine_failed', /no model/],
  ['FastAPI', 405, { detail: 'Method Not Allowed' }, 'engine_failed', /Method Not Allowed/],
  ['too many requests', 429, { error: 'Model is overloaded' }, 'overloaded', /overloaded/],
  ['loading', 503, { error: { message: 'Loading model' } }, 'engine_loading', /Loading model/],
  ['no body', 500, '', 'engine_failed', /HTTP 500/],
  ['a page', 502, '<html>bad gateway</html>', 'engine_failed', /bad gateway/],
];

describe('an engine’s refusal', () => {
  for (const [what, status, body, code, message] of CASES) {
    it(`${what} is ${code}`, () => {
      const error = toEngineError(status, typeof body === 'string' ? body : JSON.stringify(body));

      assert.equal(error.code, code);
      assert.match(error.message, message);
    });
  }
});

describe('a broken connection', () => {
  it('to a port where nothing listens says that no engine answers', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

    assert.equal(toConnectionError(refused, 'http://x').code, 'engine_unavailable');
    assert.equal(
      toConnectionError(new AggregateError([refused]), 'http://x').code,
      'engine_unavailable',
    );
  });

  it('that fell silent is a timeout, any other is a failure', () => {
    const silent = Object.assign(new Error('body timeout'), { code: 'UND_ERR_BODY_TIMEOUT' });

    assert.equal(toConnectionError(silent, 'http://x').code, 'engine_timeout');
    assert.equal(toConnectionError(new Error('reset'), 'http://x').code, 'engine_failed');
  });

  it('keeps an error that is ours already', () => {
    const ours = new LlmOpsError('context_overflow', 'too long');

    assert.equal(toConnectionError(ours, 'http://x'), ours);
  });
});
