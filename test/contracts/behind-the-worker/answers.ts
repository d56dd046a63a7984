import assert from 'node:assert/strict';
import type { Obligation } from '../obligation.ts';
import { assertSound, countTokens, lastOf, PROMPT, streamed, whole } from './worker-client.ts';
import type { ServedEngine } from './worker-client.ts';

const MESSAGES = [{ role: 'user', text: 'Who are you? 🦙' }];
/** Different models write their first unusual character after different prompts. */
const PROMPTS_FOR_SIGNS = [PROMPT, 'é', '🦙', 'ß ü', '世界', '\u0001', 'naïve', '¿'];

/** What is said, and that it is the same however one asks. */
export const ANSWERS: readonly Obligation<ServedEngine>[] = [
  {
    name: 'the whole and the streamed text are equal at temperature 0',
    check: async (served) => {
      const frames = await streamed(served, { max_new_tokens: 400 });
      const reply = await whole(served, { max_new_tokens: 400 });

      assertSound(frames);
      assert.notEqual(reply.text, '');
      assert.deepEqual(lastOf(frames), reply);
      assert.ok(frames.length > 1, 'the text came in one piece');
    },
  },
  {
    name: 'a conversation that the engine renders is answered the same, whole and streamed',
    check: async (served) => {
      const frames = await streamed(served, { messages: MESSAGES });
      const reply = await whole(served, { messages: MESSAGES });

      assertSound(frames);
      assert.notEqual(reply.text, '');
      assert.deepEqual(lastOf(frames), reply);
    },
  },
  {
    name: 'echo puts the prompt before the same answer',
    check: async (served) => {
      const prompt = `${PROMPT} – is it 🦙?`;
      const plain = await whole(served, { prompt });
      const echoed = await whole(served, { prompt, echo: true });
      const frames = await streamed(served, { prompt, echo: true });

      assert.equal(echoed.text, prompt + plain.text);
      assert.deepEqual(echoed.usage, plain.usage);
      assertSound(frames);
      assert.ok(frames[0]?.text.startsWith(prompt), 'the first frame has no prompt');
      assert.equal(lastOf(frames).text, echoed.text);
    },
  },
  {
    name: 'characters that lie across tokens come whole',
    check: async (served) => {
      for (const prompt of PROMPTS_FOR_SIGNS) {
        const reply = await whole(served, { prompt, max_new_tokens: 200 });
        const frames = await streamed(served, { prompt, max_new_tokens: 200 });

        assertSound(frames);
        assert.equal(lastOf(frames).text, reply.text);
        if (Buffer.byteLength(reply.text) > reply.text.length) return;
      }
      assert.fail('the model says no character beyond ASCII, so nothing was checked');
    },
  },
  {
    name: 'sixteen at once all complete, each with its own prompt',
    check: async (served) => {
      const prompts = Array.from({ length: 16 }, (_, at) => `${PROMPT} ${'so '.repeat(at)}`);
      const replies = await Promise.all(
        prompts.map(async (prompt, at) =>
          at % 2 === 0 ? whole(served, { prompt }) : lastOf(await streamed(served, { prompt })),
        ),
      );

      for (const [at, { finish_reason: reason, usage }] of replies.entries()) {
        assert.equal(reason, 'length');
        assert.equal(usage['completion_tokens'], 48);
        assert.equal(usage['prompt_tokens'], await countTokens(served, prompts[at] ?? ''));
      }
    },
  },
];
