import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toPortkeyHeaders } from '../../../bench/targets/portkey.ts';
import {
  chatShapes,
  MESSAGES,
  workerShapes,
} from '../../../bench/targets/requests/chat-request.ts';
import { parseGenerateRequest } from '../../../src/worker/answer/generate-request.ts';

const bodyOf = ({ body }: { readonly body: string }): Record<string, unknown> =>
  JSON.parse(body) as Record<string, unknown>;

describe('the requests of the bench', () => {
  it('have the same conversation, limits and sampling in both APIs', () => {
    const chat = bodyOf(chatShapes().plain);
    const worker = bodyOf(workerShapes({}).plain);
    assert.deepEqual(chat['messages'], MESSAGES);
    assert.deepEqual(worker['messages'], MESSAGES);
    assert.equal(worker['max_new_tokens'], chat['max_tokens']);
    assert.equal(worker['temperature'], chat['temperature']);
    assert.equal(worker['top_p'], chat['top_p']);
  });

  it('are some 600 characters of a system message and three turns', () => {
    const characters = MESSAGES.reduce((sum, { content }) => sum + content.length, 0);
    assert.ok(characters > 550 && characters < 700, String(characters));
    assert.deepEqual(
      MESSAGES.map(({ role }) => role),
      ['system', 'user', 'assistant', 'user'],
    );
  });

  it('ask every target for the counts that ours asks the engine for', () => {
    const { stream, stream_options: options } = bodyOf(chatShapes().stream);
    assert.equal(stream, true);
    assert.deepEqual(options, { include_usage: true, continuous_usage_stats: true });
  });

  it('ask ours for each of its forms', () => {
    const { plain, stream, cumulative, delta } = workerShapes({ authorization: 'Bearer x' });
    assert.equal(plain.path, '/worker_generate');
    for (const { path } of [stream, cumulative, delta])
      assert.equal(path, '/worker_generate_stream');
    assert.equal(stream.headers['accept'], 'text/event-stream');
    assert.equal(delta.headers['accept'], undefined);
    const modes = [stream, cumulative, delta].map(
      (shape) => parseGenerateRequest(bodyOf(shape)).streamMode,
    );
    assert.deepEqual(modes, ['delta', 'cumulative', 'delta']);
    for (const { headers } of [plain, stream, cumulative, delta])
      assert.equal(headers['authorization'], 'Bearer x');
  });

  it('tell Portkey which engine they are for', () => {
    assert.deepEqual(toPortkeyHeaders('http://127.0.0.1:9876'), {
      authorization: 'Bearer bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': 'http://127.0.0.1:9876/v1',
    });
  });
});
