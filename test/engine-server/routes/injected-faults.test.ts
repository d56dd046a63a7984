import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Faults } from '../../../src/engine-server/faults/faults.ts';
import type { RunningEngine } from '../../../src/engine-server/serve.ts';
import {
  getJson,
  joinText,
  openPost,
  parseEvents,
  post,
  readUntilBroken,
  replyOf,
  setFaults,
  startEngine,
  statsOf,
  statsWhen,
  stream,
} from '../engine-client.ts';

const DEATH = {
  error: {
    message: 'EngineCore encountered an issue. See stack trace (above) for the root cause.',
    type: 'InternalServerError',
    param: null,
    code: 500,
  },
};

/** As long as the engine likes to answer. */
const LONG = { prompt: 'Hello', max_tokens: 1000 };

async function readBroken(engine: RunningEngine) {
  const url = `${engine.url}/v1/completions`;
  const { chunks, isWhole } = await readUntilBroken(
    await replyOf(openPost(url, { ...LONG, stream: true })),
  );
  return { chunks, text: Buffer.concat(chunks).toString(), isWhole };
}

const complete = (engine: RunningEngine) =>
  post(`${engine.url}/v1/completions`, { prompt: 'Hello', max_tokens: 5 });

const health = async (engine: RunningEngine) => (await fetch(`${engine.url}/health`)).status;

describe('faults of an engine', () => {
  it('die_at_token breaks the connection after so many tokens', async (t) => {
    const engine = await startEngine(t, { fault: { die_at_token: 3 } });
    const { text, isWhole } = await readBroken(engine);
    assert.equal(isWhole, false);
    assert.equal(joinText(parseEvents(text).events), 'This is a');
    await assert.rejects(complete(engine), { name: 'TypeError', message: 'fetch failed' });
    const { failed, aborted, running } = await statsOf(engine);
    assert.deepEqual({ failed, aborted, running }, { failed: 2, aborted: 0, running: 0 });
  });

  it('error_at_token is the death of vLLM’s engine, until the faults are cleared', async (t) => {
    const engine = await startEngine(t);
    const url = `${engine.url}/v1/completions`;
    const other = stream(url, { ...LONG, ignore_eos: true });
    await statsWhen(engine, ({ running }) => running === 1);
    await setFaults(engine, { error_at_token: 2, times: 1 });
    const { events, isDone } = await stream(url, LONG);
    assert.equal(isDone, true);
    assert.equal(joinText(events), 'This is');
    assert.deepEqual(events.at(-1), DEATH);
    assert.deepEqual((await other).events.at(-1), DEATH, 'whoever runs dies too');
    assert.equal(await health(engine), 503);
    assert.deepEqual(await complete(engine), { status: 500, body: DEATH });
    await fetch(`${engine.url}/sim/faults`, { method: 'DELETE' });
    assert.equal(await health(engine), 200);
    assert.equal((await complete(engine)).status, 200);
    const { failed, completed } = await statsOf(engine);
    assert.deepEqual({ failed, completed }, { failed: 3, completed: 1 });
  });

  it('error_at_token is status 500 for an answer in one piece', async (t) => {
    const engine = await startEngine(t, { fault: { error_at_token: 2 } });
    assert.deepEqual(await complete(engine), { status: 500, body: DEATH });
  });

  it('half_event_at_token ends the reply inside an event', async (t) => {
    const engine = await startEngine(t, { fault: { half_event_at_token: 2 } });
    const { text, isWhole } = await readBroken(engine);
    assert.equal(isWhole, true, 'the connection ends as if all were well');
    const frames = text.split('\n\n');
    assert.equal(frames.length, 3);
    assert.throws(() => JSON.parse(frames[2]!.replace('data: ', '')) as unknown, SyntaxError);
    await assert.rejects(complete(engine), { name: 'SyntaxError' });
    assert.equal((await statsOf(engine)).failed, 2);
  });

  it('stall_at_token is silent with the connection open', async (t) => {
    const engine = await startEngine(t, { fault: { stall_at_token: 2, times: 1 } });
    const call = openPost(`${engine.url}/v1/completions`, { prompt: 'Hello', stream: true });
    const response = await replyOf(call);
    await statsWhen(engine, ({ completion_tokens }) => completion_tokens === 2);
    assert.equal((await complete(engine)).status, 200, 'the next one is not affected');
    assert.equal((await statsOf(engine)).running, 1);
    call.destroy();
    await readUntilBroken(response);
    assert.equal((await statsWhen(engine, ({ aborted }) => aborted === 1)).aborted, 1);
  });

  it('refuse answers 503 to all generation, and to nothing else', async (t) => {
    const engine = await startEngine(t, { fault: { refuse: true } });
    assert.equal((await complete(engine)).status, 503);
    const chat = { messages: [{ role: 'user', content: 'x' }], stream: true };
    assert.equal((await post(`${engine.url}/v1/chat/completions`, chat)).status, 503);
    assert.equal(await health(engine), 200);
  });

  it('split_bytes cuts events inside characters, and loses nothing', async (t) => {
    const engine = await startEngine(t, { answerTokens: 80 });
    const { events } = await stream(`${engine.url}/v1/completions`, LONG);
    await setFaults(engine, { split_bytes: true });
    const { chunks, text } = await readBroken(engine);
    assert.equal(joinText(parseEvents(text).events), joinText(events));
    assert.ok(chunks.some((chunk) => chunk.toString().includes('\uFFFD')));
  });

  it('slow_reply_ms delays the head, and the answer is whole', async (t) => {
    const engine = await startEngine(t, { fault: { slow_reply_ms: 50 } });
    assert.equal((await complete(engine)).status, 200);
  });

  it('die_at_byte breaks the connection after exactly so many bytes, wherever that is', async (t) => {
    const engine = await startEngine(t, { answerTokens: 80 });
    const url = `${engine.url}/v1/completions`;
    const whole = Buffer.concat((await readBroken(engine)).chunks);
    const character = whole.findIndex((byte) => byte >= 0x80) + 1;
    assert.ok(character > 0);
    for (const reset of [false, true]) {
      for (const bytes of [0, 1, 300, character, whole.length - 5, whole.length]) {
        await setFaults(engine, { die_at_byte: bytes, reset });
        const { chunks, isWhole } = await readBroken(engine);
        assert.equal(isWhole, false);
        assert.equal(Buffer.concat(chunks).length, bytes);
      }
    }
    const { failed, failed_by: by, completed } = await statsOf(engine);
    assert.deepEqual([failed, by.die_at_byte, completed], [12, 12, 1]);
    await setFaults(engine, { die_at_byte: whole.length + 1 });
    assert.equal((await readBroken(engine)).isWhole, true);
    await setFaults(engine, { die_at_byte: 10 });
    const { chunks, isWhole } = await readUntilBroken(await replyOf(openPost(url, LONG)));
    assert.deepEqual([Buffer.concat(chunks).length, isWhole], [10, false]);
  });

  for (const [status, type] of [
    [400, 'BadRequestError'],
    [429, 'Too Many Requests'],
    [500, 'InternalServerError'],
    [503, 'ServiceUnavailableError'],
  ] as const) {
    it(`status ${status} is answered before any text, with vLLM’s error body`, async (t) => {
      const engine = await startEngine(t, { fault: { status, message: 'Not now.' } });
      const body = { error: { message: 'Not now.', type, param: null, code: status } };
      assert.deepEqual(await complete(engine), { status, body });
      const reply = await post(`${engine.url}/v1/completions`, { ...LONG, stream: true });
      assert.deepEqual(reply, { status, body });
      const { failed, rejected } = await statsOf(engine);
      assert.deepEqual({ failed, rejected }, { failed: 2, rejected: 0 });
    });
  }

  it('stall_ms lets a stalled answer go on', async (t) => {
    const engine = await startEngine(t, { fault: { stall_at_token: 2, stall_ms: 50 } });
    const { events, isDone } = await stream(`${engine.url}/v1/completions`, LONG);
    assert.equal(isDone, true);
    assert.ok(events.length > 2);
  });

  it('a script has a fault for each request, and then none', async (t) => {
    const engine = await startEngine(t);
    await setFaults(engine, { script: [{ status: 429 }, {}, { refuse: true }] });
    const statuses = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await complete(engine)).status);
    assert.deepEqual(statuses, [429, 200, 503, 200, 200]);
  });

  it('a rule hits the requests whose prompt it matches, in both APIs', async (t) => {
    const engine = await startEngine(t);
    await setFaults(engine, { rules: [{ match: 'bad wörd', status: 400 }] });
    const chat = (content: string) =>
      post(`${engine.url}/v1/chat/completions`, { messages: [{ role: 'user', content }] });
    assert.equal((await complete(engine)).status, 200);
    assert.equal((await chat('a bad wörd')).status, 400);
    assert.equal((await chat('a good wörd')).status, 200);
    const { status } = await post(`${engine.url}/v1/completions`, { prompt: 'bad wörd' });
    assert.equal(status, 400);
  });

  it('freeze answers nothing, health included, and stops what streams, until the faults are cleared', async (t) => {
    const engine = await startEngine(t, { itlMs: 1 });
    const streaming = stream(`${engine.url}/v1/completions`, { ...LONG, ignore_eos: true });
    await statsWhen(engine, ({ completion_tokens: tokens }) => tokens > 0);
    await setFaults(engine, { freeze: true });
    const answered: string[] = [];
    const calls = [
      health(engine).then((status) => answered.push(`health ${status}`)),
      complete(engine).then(({ status }) => answered.push(`text ${status}`)),
    ];
    const leaving = openPost(`${engine.url}/v1/completions`, LONG);
    const { completion_tokens: before } = await statsOf(engine);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const { completion_tokens: after, running } = await statsOf(engine);
    assert.deepEqual(
      { answered, running, tokens: after },
      { answered: [], running: 1, tokens: before },
    );
    leaving.destroy();
    await fetch(`${engine.url}/sim/faults`, { method: 'DELETE' });
    await Promise.all(calls);
    assert.deepEqual(answered.sort(), ['health 200', 'text 200']);
    assert.equal((await streaming).isDone, true);
  });

  it('an engine that is frozen by one request can be closed', async (t) => {
    const engine = await startEngine(t, { fault: { script: [{ freeze: true }] } });
    const call = openPost(`${engine.url}/v1/completions`, { ...LONG, stream: true });
    await statsWhen(engine, ({ waiting }) => waiting === 1);
    await engine.close();
    call.destroy();
  });

  it('can be read, replaced and refused at run time', async (t) => {
    const engine = await startEngine(t, { fault: { refuse: true, times: 2 } });
    const current = () => getJson(`${engine.url}/sim/faults`);
    assert.deepEqual(await current(), { refuse: true, times: 2 });
    await complete(engine);
    assert.deepEqual(await current(), { refuse: true, times: 1 });
    const wrong = [{ explode: 1 }, { exit_at_token: 1 }, { times: 'x' }] as unknown as Faults[];
    for (const faults of wrong) {
      await assert.rejects(setFaults(engine, faults), /refused: 400/);
    }
    await setFaults(engine, {});
    assert.deepEqual(await current(), {});
  });
});
