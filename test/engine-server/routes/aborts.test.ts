import assert from 'node:assert/strict';
import { text as readText } from 'node:stream/consumers';
import { describe, it } from 'node:test';

import {
  openPost,
  parseEvents,
  post,
  replyOf,
  setFaults,
  startEngine,
  statsOf,
  statsWhen,
} from '../engine-client.ts';

/** A long one: as far as the context goes. */
const body = { prompt: 'Hello', ignore_eos: true, max_tokens: 4000 };

describe('clients that leave', () => {
  it('stop the generation of each stream, and are counted', async (t) => {
    const engine = await startEngine(t, { itlMs: 5 });
    const calls = Array.from({ length: 50 }, () =>
      openPost(`${engine.url}/v1/completions`, { ...body, stream: true }),
    );
    for (const call of calls) {
      const response = await replyOf(call);
      response.resume();
    }
    await statsWhen(
      engine,
      ({ running, completion_tokens }) => running === 50 && completion_tokens > 50,
    );
    for (const call of calls) call.destroy();
    const { aborted, running, completed } = await statsWhen(
      engine,
      (stats) => stats.aborted === 50,
    );
    assert.deepEqual({ aborted, running, completed }, { aborted: 50, running: 0, completed: 0 });
    const before = await statsOf(engine);
    await post(`${engine.url}/v1/completions`, { prompt: 'x', max_tokens: 5 });
    const after = await statsOf(engine);
    assert.equal(after.completion_tokens - before.completion_tokens, 5, 'nobody else generates');
  });

  it('are noticed while they wait for an answer in one piece', async (t) => {
    const engine = await startEngine(t, { itlMs: 5 });
    const call = openPost(`${engine.url}/v1/completions`, body);
    await statsWhen(engine, ({ running }) => running === 1);
    call.destroy();
    const { aborted, running } = await statsWhen(engine, (stats) => stats.aborted === 1);
    assert.deepEqual({ aborted, running }, { aborted: 1, running: 0 });
  });

  it('are noticed before the first token, in the queue, at a stall, and before a slow reply', async (t) => {
    const engine = await startEngine(t, { maxConcurrent: 1, ttftMs: 600_000 });
    const url = `${engine.url}/v1/completions`;
    const first = openPost(url, { ...body, stream: true });
    await statsWhen(engine, ({ running }) => running === 1);
    const queued = openPost(url, { ...body, stream: true });
    await statsWhen(engine, ({ waiting }) => waiting === 1);
    queued.destroy();
    assert.equal((await statsWhen(engine, ({ aborted }) => aborted === 1)).waiting, 0);
    first.destroy();
    assert.equal((await statsWhen(engine, ({ aborted }) => aborted === 2)).running, 0);
    await setFaults(engine, { stall_at_token: 0 });
    const stalled = openPost(url, { ...body, stream: true });
    await replyOf(stalled);
    stalled.destroy();
    assert.equal((await statsWhen(engine, ({ aborted }) => aborted === 3)).aborted, 3);
    await setFaults(engine, { slow_reply_ms: 600_000 });
    const slow = openPost(url, body);
    await statsWhen(engine, ({ waiting }) => waiting === 1);
    slow.destroy();
    const { aborted, requests } = await statsWhen(engine, (stats) => stats.aborted === 4);
    assert.deepEqual({ aborted, requests }, { aborted: 4, requests: 4 });
  });

  it('give their place to those who wait', async (t) => {
    const engine = await startEngine(t, { maxConcurrent: 1, itlMs: 1 });
    const url = `${engine.url}/v1/completions`;
    const first = openPost(url, { ...body, stream: true });
    await statsWhen(engine, ({ running }) => running === 1);
    const second = post(url, { prompt: 'x', max_tokens: 3 });
    await statsWhen(engine, ({ waiting }) => waiting === 1);
    first.destroy();
    assert.equal((await second).status, 200);
  });

  it('that read slowly hold the generation up, and nothing is lost', async (t) => {
    // Every event carries the name: more in all than the buffers of a connection take.
    const engine = await startEngine(t, { contextLength: 9_000, model: 'm'.repeat(8_000) });
    const max_tokens = 6_000;
    const call = openPost(`${engine.url}/v1/completions`, { ...body, max_tokens, stream: true });
    const response = await replyOf(call);
    const held = await heldUp(() => statsOf(engine));
    assert.ok(held < max_tokens, `${held} tokens were generated for nobody`);
    const text = await readText(response);
    assert.equal(parseEvents(text).events.length, max_tokens);
    assert.equal((await statsOf(engine)).completion_tokens, max_tokens);
  });
});

/** Tokens generated when the counter no longer moves. */
async function heldUp(
  stats: () => Promise<{ readonly completion_tokens: number }>,
): Promise<number> {
  let last = -1;
  let quiet = 0;
  while (quiet < 20) {
    const { completion_tokens: now } = await stats();
    quiet = now === last && now > 0 ? quiet + 1 : 0;
    last = now;
  }
  return last;
}
