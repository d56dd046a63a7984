import assert from 'node:assert/strict';
import type { Obligation } from '../obligation.ts';
import { post, whole } from './api-client.ts';
import type { ApiEngine } from './replies.ts';

const TEXTS = ['Hello there', 'naïve café', '世界 🦙🦙', ' spaces  and\n\nlines\t', 'e\u0301'];
const MESSAGES = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Who are you? 🦙' },
  { role: 'assistant', content: 'A llama.' },
  { role: 'user', content: 'Really?' },
];

/** The tokenizer and the chat template. */
export const TOKENS: readonly Obligation<ApiEngine>[] = [
  {
    name: 'detokenize gives back what tokenize was given',
    check: async (engine) => {
      for (const text of TEXTS) {
        const fields = { prompt: text, add_special_tokens: false };
        const { tokens, count } = await post(engine, '/tokenize', fields);

        assert.equal((tokens as readonly number[]).length, count);
        assert.equal((await post(engine, '/detokenize', { tokens }))['prompt'], text);
      }
    },
  },
  {
    name: 'a chat’s prompt tokens are those of tokenize with its messages',
    check: async (engine) => {
      const { count } = await post(engine, '/tokenize', { messages: MESSAGES });
      const { usage } = await whole(engine, { messages: MESSAGES });

      assert.equal(usage.prompt_tokens, count);
    },
  },
  {
    name: 'a rendered conversation has every message in its place',
    check: async (engine) => {
      const rendered = await render(engine, {});
      const places = MESSAGES.map(({ content }) => rendered.indexOf(content));

      assert.ok(
        places.every((place, at) => place > (places[at - 1] ?? -1)),
        rendered,
      );
    },
  },
  {
    name: 'a rendered conversation is answered as the conversation',
    check: async (engine) => {
      const { text, usage } = await whole(engine, { messages: MESSAGES });
      const prompt = await render(engine, {});
      const completion = await whole(engine, { prompt, add_special_tokens: false });

      assert.equal(completion.usage.prompt_tokens, usage.prompt_tokens);
      assert.equal(completion.text, text);
    },
  },
  {
    name: 'add_generation_prompt opens the assistant’s turn',
    check: async (engine) => {
      const opened = await render(engine, { add_generation_prompt: true });
      const closed = await render(engine, { add_generation_prompt: false });

      assert.ok(opened.startsWith(closed) && opened.length > closed.length, opened);
    },
  },
  {
    name: 'continue_final_message leaves the last message open',
    check: async (engine) => {
      const last = { role: 'assistant', content: 'One, two,' };
      const rendered = await render(engine, {
        messages: [...MESSAGES, last],
        add_generation_prompt: false,
        continue_final_message: true,
      });

      assert.ok(rendered.endsWith(last.content), rendered);
    },
  },
];

/** The conversation as the engine tokenizes it, as text. */
async function render(
  engine: ApiEngine,
  fields: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { tokens } = await post(engine, '/tokenize', { messages: MESSAGES, ...fields });
  return String((await post(engine, '/detokenize', { tokens }))['prompt']);
}
