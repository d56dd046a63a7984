import assert from 'node:assert/strict';
import type { Obligation } from '../obligation.ts';
import { streamed, whole } from './api-client.ts';
import type { ApiEngine } from './replies.ts';

/** Where an answer ends. */
export const ENDS: readonly Obligation<ApiEngine>[] = [
  {
    name: 'without max_tokens, or with null, a completion has 16 tokens',
    check: async (engine) => {
      for (const max_tokens of [undefined, null]) {
        const { usage, finishReason } = await whole(engine, { max_tokens, ignore_eos: true });

        assert.equal(usage.completion_tokens, 16);
        assert.equal(finishReason, 'length');
      }
    },
  },
  {
    name: 'without max_tokens a chat may fill the context',
    check: async (engine) => {
      const { usage, finishReason } = await whole(engine, {
        messages: [{ role: 'user', content: 'Go on.' }],
        max_tokens: undefined,
        ignore_eos: true,
      });

      assert.equal(usage.total_tokens, engine.known.contextLength);
      assert.equal(finishReason, 'length');
    },
  },
  {
    name: 'ignore_eos answers to the full length',
    check: async (engine) => {
      const { usage, finishReason } = await whole(engine, { max_tokens: 400, ignore_eos: true });

      assert.equal(usage.completion_tokens, 400);
      assert.equal(finishReason, 'length');
    },
  },
  {
    name: 'a stop string is left out, and is the stop reason',
    check: async (engine) => {
      const { stop } = engine.known;
      const { text } = await whole(engine);
      const { answer } = await streamed(engine, { stop });

      assert.equal(answer.text, text.slice(0, text.indexOf(stop)));
      assert.deepEqual([answer.finishReason, answer.stopReason], ['stop', stop]);
      assert.deepEqual(await whole(engine, { stop }), answer);
    },
  },
  {
    name: 'include_stop_str_in_output leaves the stop string in',
    check: async (engine) => {
      const { stop } = engine.known;
      const { text } = await whole(engine);
      const fields = { stop, include_stop_str_in_output: true };
      const { answer } = await streamed(engine, fields);

      assert.equal(answer.text, text.slice(0, text.indexOf(stop) + stop.length));
      assert.equal(answer.finishReason, 'stop');
      assert.deepEqual(await whole(engine, fields), answer);
    },
  },
  {
    name: 'a stop token is counted, left out, and is the stop reason',
    check: async (engine) => {
      const { stopTokenId } = engine.known;
      const fields = { stop_token_ids: [stopTokenId] };
      const { text } = await whole(engine);
      const { answer } = await streamed(engine, fields);
      const before = await whole(engine, { max_tokens: answer.usage.completion_tokens - 1 });

      assert.deepEqual([answer.finishReason, answer.stopReason], ['stop', stopTokenId]);
      assert.ok(text.startsWith(answer.text));
      assert.equal(answer.text, before.text);
      assert.deepEqual(await whole(engine, fields), answer);
    },
  },
  {
    name: 'min_tokens keeps stop strings and stop tokens off until then',
    check: async (engine) => {
      const { stop, stopTokenId } = engine.known;
      for (const ends of [{ stop }, { stop_token_ids: [stopTokenId] }]) {
        const { usage } = await whole(engine, { ...ends, min_tokens: 35 });

        assert.ok(usage.completion_tokens >= 35, `it ended after ${usage.completion_tokens}`);
      }
    },
  },
  {
    name: 'max_tokens beyond the room that a prompt leaves is cut to it',
    check: async (engine) => {
      const { contextLength } = engine.known;
      const { usage, finishReason } = await whole(engine, {
        max_tokens: contextLength - 1,
        ignore_eos: true,
      });

      assert.equal(usage.total_tokens, contextLength);
      assert.equal(finishReason, 'length');
    },
  },
];
