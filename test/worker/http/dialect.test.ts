import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toEngineError } from '../../../src/engines/engine-errors.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { statusIn } from '../../../src/worker/http/dialect.ts';
import { toHttpError } from '../../../src/worker/http/http-errors.ts';

const TRUE = 'its true status';

describe('an error on a generate path', () => {
  const rows: readonly [what: string, error: Error, fastchat: 200 | typeof TRUE][] = [
    ['a field of a wrong type', error('invalid_request'), TRUE],
    ['a path that does not exist', error('not_found'), TRUE],
    ['a verb that it does not take', error('method_not_allowed'), TRUE],
    ['a token that is missing', error('token_missing'), TRUE],
    ['another model’s name in llm-ops’ field', error('model_mismatch'), TRUE],
    ['a conversation that the template refuses', error('template_failed'), TRUE],
    ['a number out of range', error('param_out_of_range'), 200],
    ['too many requests', error('overloaded'), 200],
    ['a prompt beyond the context', error('context_overflow'), 200],
    ['an engine that refuses the request', toEngineError(400, '{"message":"no"}'), 200],
    ['an engine that refuses its own credentials', toEngineError(401, ''), 200],
    ['an engine that is busy', toEngineError(429, ''), 200],
    ['an engine that failed', error('engine_failed'), 200],
    ['an engine that is not there', error('engine_unavailable'), 200],
    ['an engine that said nothing', error('engine_timeout'), 200],
    ['a worker that ends', error('stopping'), 200],
    ['a mistake of ours', new TypeError('x is not a function'), 200],
  ];
  for (const [what, thrown, fastchat] of rows)
    it(`has the true status below /api, and on FastChat’s paths ${fastchat}: ${what}`, () => {
      const told = toHttpError(thrown);

      assert.ok(told.status >= 400);
      assert.equal(statusIn('llm-ops', told), told.status);
      assert.equal(statusIn('fastchat', told), fastchat === TRUE ? told.status : fastchat);
    });
});

function error(code: ErrorCode): LlmOpsError {
  return new LlmOpsError(code, 'words');
}
