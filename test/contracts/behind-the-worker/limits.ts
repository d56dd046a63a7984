import assert from 'node:assert/strict';
import type { Obligation } from '../obligation.ts';
import { bodyOf, countTokens, post, PROMPT, whole } from './worker-client.ts';
import type { Fields, ServedEngine } from './worker-client.ts';

/** What does not fit the context. */
export const LIMITS: readonly Obligation<ServedEngine>[] = [
  {
    name: 'a prompt beyond the context is refused with 40303 and the numbers',
    check: async (served) => {
      const { contextLength } = served.engine;
      const message = await refusal(served, { prompt: 'word '.repeat(contextLength * 2) });
      const numbers = (message.match(/\d+/g) ?? []).map(Number);

      assert.ok(numbers.includes(contextLength), message);
      assert.ok(
        numbers.some((number) => number > contextLength),
        message,
      );
    },
  },
  {
    name: 'a conversation beyond the context is refused with 40303 and the numbers',
    check: async (served) => {
      const { contextLength } = served.engine;
      const text = 'word '.repeat(contextLength * 2);
      const message = await refusal(served, { messages: [{ role: 'user', text }] });

      assert.match(message, new RegExp(`context length is ${contextLength} tokens`));
    },
  },
  {
    name: 'max_new_tokens beyond the context is answered up to the context’s end',
    check: async (served) => {
      await assertFills(served, served.engine.contextLength * 2);
    },
  },
  {
    name: 'max_new_tokens beyond the room that a prompt leaves is answered up to the context’s end',
    check: async (served) => {
      await assertFills(served, served.engine.contextLength - 1);
    },
  },
];

/** Demands an answer to a long prompt that ends where the context does. */
async function assertFills(served: ServedEngine, maxNewTokens: number): Promise<void> {
  const { contextLength } = served.engine;
  const prompt = `${PROMPT}${' so'.repeat(Math.floor(contextLength / 4))}`;
  const room = contextLength - (await countTokens(served, prompt));
  assert.ok(room > 0 && room < contextLength - 2, `room for ${room} tokens`);
  const reply = await whole(served, { prompt, max_new_tokens: maxNewTokens });

  assert.equal(reply.finish_reason, 'length');
  assert.ok(Math.abs((reply.usage['completion_tokens'] ?? 0) - room) <= 1);
}

/** Demands the same refusal of the whole and of the streamed answer. */
async function refusal(served: ServedEngine, fields: Fields): Promise<string> {
  const reply = await post(served, '/worker_generate', bodyOf(fields));
  assert.equal(reply.status, 400, reply.text);
  assert.equal(reply.json['error_code'], 40303, reply.text);
  const streamed = await post(served, '/worker_generate_stream', bodyOf(fields));
  assert.equal(streamed.status, 400, streamed.text);
  assert.deepEqual(streamed.json, reply.json);
  return String(reply.json['error_message']);
}
