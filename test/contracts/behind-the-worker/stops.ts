import assert from 'node:assert/strict';
import type { Obligation } from '../obligation.ts';
import {
  assertSound,
  lastOf,
  NEVER_SAID,
  streamed,
  textAcrossTokens,
  whole,
} from './worker-client.ts';
import type { Fields, ServedEngine } from './worker-client.ts';

/** What ends an answer before its length does. */
export const STOPS: readonly Obligation<ServedEngine>[] = [
  {
    name: 'a stop string split over tokens ends the answer right before it',
    check: async (served) => {
      const { text } = await whole(served);
      const { stop, at } = await textAcrossTokens(served.engine, text);

      await assertStops(served, { stop: [NEVER_SAID, stop] }, text.slice(0, at));
    },
  },
  {
    name: 'a stop string may be a string instead of a list',
    check: async (served) => {
      const { text } = await whole(served);
      const { stop, at } = await textAcrossTokens(served.engine, text);

      await assertStops(served, { stop }, text.slice(0, at));
    },
  },
  {
    name: 'a stop string of one character ends the answer before its first place',
    check: async (served) => {
      const { text } = await whole(served);
      const stop = text.slice(Math.floor(text.length / 2)).match(/[a-z]/)?.[0] ?? '';
      assert.notEqual(stop, '');

      await assertStops(served, { stop }, text.slice(0, text.indexOf(stop)));
    },
  },
  {
    name: 'what only begins like a stop string is not lost',
    check: async (served) => {
      const { text } = await whole(served);
      const stop = text.slice(-3) + NEVER_SAID;
      const frames = await streamed(served, { stop });

      assertSound(frames);
      assert.equal(lastOf(frames).text, text);
      assert.equal(lastOf(frames).finish_reason, 'length');
      assert.equal((await whole(served, { stop })).text, text);
    },
  },
  {
    name: 'no frame shows a part of the stop string',
    check: async (served) => {
      const { text } = await whole(served);
      const { stop, at } = await textAcrossTokens(served.engine, text);
      const expected = text.slice(0, at);

      for (const frame of await streamed(served, { stop }))
        assert.ok(expected.startsWith(frame.text), `"${frame.text}" is more than "${expected}"`);
    },
  },
  {
    name: 'a stop token id ends the answer, and its text is not in it',
    check: async (served) => {
      const { text } = await whole(served);
      const { id, word } = await tokenWithin(served, text);
      const reply = await whole(served, { stop_token_ids: [id] });
      const frames = await streamed(served, { stop_token_ids: [id] });

      assert.equal(reply.finish_reason, 'stop');
      assert.ok(reply.text.length < text.length && text.startsWith(reply.text), reply.text);
      const rest = text.slice(reply.text.length).trimStart();
      assert.ok(rest.startsWith(word.trimStart()), `it did not end before "${word}"`);
      assertSound(frames);
      assert.deepEqual(lastOf(frames), reply);
    },
  },
];

async function assertStops(served: ServedEngine, fields: Fields, expected: string): Promise<void> {
  const reply = await whole(served, fields);
  const frames = await streamed(served, fields);

  assert.equal(reply.text, expected);
  assert.equal(reply.finish_reason, 'stop');
  assert.ok((reply.usage['completion_tokens'] ?? 48) < 48, 'it went on after the stop string');
  assertSound(frames);
  assert.equal(lastOf(frames).text, expected);
  assert.equal(lastOf(frames).finish_reason, 'stop');
}

/** A token of plain letters behind the beginning of a text, that is the first of its kind there. */
async function tokenWithin(
  { engine }: ServedEngine,
  text: string,
): Promise<{ id: number; word: string }> {
  const ids = await engine.tokenIds(text);
  for (const id of ids.slice(4)) {
    const word = await engine.textOf([id]);
    const isPlain = /^ ?[A-Za-z]{2,}$/.test(word);
    if (isPlain && ids.indexOf(id) >= 4 && text.indexOf(word.trimStart()) > 4) return { id, word };
  }
  throw new Error(`no token of its own in: ${text}`);
}
