import assert from 'node:assert/strict';
import type { Obligation } from '../obligation.ts';
import { countTokens, lastOf, post, PROMPT, streamed, whole } from './worker-client.ts';
import type { ServedEngine } from './worker-client.ts';

const MESSAGES = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Hello 🦙' },
  { role: 'user', content: 'Who are you?' },
];

/** Tokens, as the engine's own tokenizer counts them. */
export const COUNTS: readonly Obligation<ServedEngine>[] = [
  {
    name: 'usage is exact, and the finish reason of a full answer is length',
    check: async (served) => {
      for (const [prompt, tokens] of [
        [PROMPT, 1],
        ['naïve café 世界 🦙', 7],
        [`${PROMPT}\n\n`, 48],
      ] as const) {
        const expected = await countTokens(served, prompt);
        const fields = { prompt, max_new_tokens: tokens };
        for (const reply of [await whole(served, fields), lastOf(await streamed(served, fields))]) {
          assert.equal(reply.finish_reason, 'length');
          assert.deepEqual(reply.usage, {
            prompt_tokens: expected,
            completion_tokens: tokens,
            total_tokens: expected + tokens,
          });
        }
      }
    },
  },
  {
    name: 'usage grows with the stream, frame by frame',
    check: async (served) => {
      const frames = await streamed(served, { max_new_tokens: 400 });
      const counts = frames.map(({ usage }) => usage['completion_tokens'] ?? Number.NaN);

      for (const [at, count] of counts.entries()) {
        assert.ok(count >= (counts[at - 1] ?? 1) && count <= 400, `counts are ${counts.join()}`);
        assert.equal(frames[at]?.usage['prompt_tokens'], frames[0]?.usage['prompt_tokens']);
      }
      assert.ok((counts[0] ?? 400) < 400, 'the first frame has the last count');
    },
  },
  {
    name: 'a rendered conversation is counted as the engine renders it',
    check: async (served) => {
      const messages = MESSAGES.map(({ role, content }) => ({ role, text: content }));
      const { usage } = await whole(served, { messages });

      assert.equal(usage['prompt_tokens'], await served.engine.chatTokens(MESSAGES));
    },
  },
  {
    name: 'count_token counts as the engine does, special tokens included',
    check: async (served) => {
      const text = 'naïve café 世界 🦙';
      const plain = await served.engine.tokenIds(text);
      const count = await countTokens(served, text);

      assert.ok(plain.length > 4);
      // The difference is the begin token, where a model has one.
      assert.ok(count === plain.length || count === plain.length + 1, `${count} tokens`);
    },
  },
  {
    name: 'model_details tells the context’s length',
    check: async (served) => {
      const { json } = await post(served, '/model_details', {});

      assert.equal(json['context_length'], served.engine.contextLength);
    },
  },
];
