import assert from 'node:assert/strict';
import type { Obligation } from '../obligation.ts';
import { post, streamed, whole } from './api-client.ts';
import { PROMPT } from './api-case.ts';
import type { ApiEngine } from './replies.ts';

const CHAT = { messages: [{ role: 'user', content: 'Say it: 🦙' }] };

/** What is in an answer, beyond its shape. */
export const ANSWERS: readonly Obligation<ApiEngine>[] = [
  {
    name: 'completions and chats are the same, whole and streamed',
    check: async (engine) => {
      for (const fields of [{}, CHAT]) {
        const { answer } = await streamed(engine, fields);

        assert.notEqual(answer.text, '');
        assert.deepEqual(answer, await whole(engine, fields));
      }
    },
  },
  {
    name: 'usage is exact, and grows from event to event',
    check: async (engine) => {
      const { count } = await post(engine, '/tokenize', { prompt: PROMPT });
      const { events, answer } = await streamed(engine);
      const counts = events.map(({ usage }) => usage?.completion_tokens ?? Number.NaN);

      const total = Number(count) + 40;
      assert.deepEqual(answer.usage, {
        prompt_tokens: count,
        completion_tokens: 40,
        total_tokens: total,
      });
      for (const [at, number] of counts.entries()) assert.ok(number >= (counts[at - 1] ?? 0));
      assert.deepEqual([counts[0], counts.at(-2), counts.at(-1)], [1, 40, 40]);
    },
  },
  {
    name: 'echo puts the prompt in front, whole and streamed',
    check: async (engine) => {
      const plain = await whole(engine);
      const expected = { ...plain, text: PROMPT + plain.text };

      assert.deepEqual(await whole(engine, { echo: true }), expected);
      assert.deepEqual((await streamed(engine, { echo: true })).answer, expected);
    },
  },
  {
    name: 'a prompt of token ids gets the answer of its text',
    check: async (engine) => {
      const { tokens } = await post(engine, '/tokenize', { prompt: PROMPT });

      assert.deepEqual(await whole(engine, { prompt: tokens }), await whole(engine));
    },
  },
  {
    name: 'a seed repeats an answer, and another seed does not',
    check: async (engine) => {
      const sampled = { temperature: 1, max_tokens: 60 };
      const first = await whole(engine, { ...sampled, seed: 7 });

      assert.deepEqual(await whole(engine, { ...sampled, seed: 7 }), first);
      assert.notEqual((await whole(engine, { ...sampled, seed: 8 })).text, first.text);
    },
  },
  {
    name: 'the X-Request-Id header makes the reply’s id',
    check: async (engine) => {
      const { model } = engine.known;
      const reply = await fetch(`${engine.url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-request-id': 'abc-1' },
        body: JSON.stringify({ model, prompt: PROMPT, max_tokens: 1 }),
      });

      assert.match(((await reply.json()) as { id: string }).id, /^cmpl-abc-1/);
    },
  },
];
