import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { StreamForm } from '../../../../bench/harness/client/answer-end.ts';
import { openStreams } from '../../../../bench/harness/client/streams.ts';
import { chunk, LAST_CHUNK, type Script, startScripted, STREAM_HEAD } from './scripted-server.ts';

const shape = { path: '/v1/completions', headers: {}, body: '{}' };
const event = (text: string) => chunk(`data: {"text":"${text}","finish_reason":null}\n\n`);
const frame = (text: string, finish = 'null') =>
  chunk(`{"text":"${text}","error_code":0,"finish_reason":${finish}}\0`);
const DONE = chunk('data: [DONE]\n\n');
const EVENTS: Script = [STREAM_HEAD + event('a'), event('b'), DONE + LAST_CHUNK];

async function see(t: TestContext, scripts: readonly Script[], form: StreamForm = 'events') {
  const port = await startScripted(t, scripts);
  const streams = openStreams({
    ...{ port, shape, form, keepTimes: true },
    concurrency: 1,
    answersEach: scripts.length,
  });
  await streams.ended;
  return { ...streams.seen(), times: streams.takeTimes() };
}

describe('streams of the bench', () => {
  it('count reads, events and answers', async (t) => {
    const seen = await see(t, [EVENTS, EVENTS]);
    const { reads, frames, answers, errors } = seen;
    assert.deepEqual([frames, answers, errors], [6, 2, 0]);
    // On a busy machine two of the six writes may come as one read.
    assert.ok(reads > 2 && reads <= 6);
    const { firstMs, gapsMs, wholeMs } = seen.times;
    assert.deepEqual([firstMs.length, gapsMs.length, wholeMs.length], [2, reads - 2, 2]);
  });

  it('see that events came together in one read', async (t) => {
    const seen = await see(t, [[STREAM_HEAD + event('a') + event('b') + DONE + LAST_CHUNK]]);
    assert.deepEqual([seen.reads, seen.frames, seen.answers], [1, 3, 1]);
  });

  it('see the end wherever it is cut, and a head that comes in parts', async (t) => {
    const all = STREAM_HEAD + event('a') + DONE + LAST_CHUNK;
    const cuts = [20, STREAM_HEAD.length - 2, STREAM_HEAD.length, all.length - 12];
    const late = [1, 2, 3, 4, 5, 6, 7].map((left) => all.length - left);
    const scripts = [...cuts, ...late].map((cut) => [all.slice(0, cut), all.slice(cut)]);
    const { answers, errors, firstError } = await see(t, scripts);
    assert.deepEqual([answers, errors, firstError], [scripts.length, 0, null]);
  });

  it('take frames for good whose last one has a finish reason', async (t) => {
    const scripts = [[STREAM_HEAD + frame('a'), frame('ab', '"stop"') + LAST_CHUNK]];
    const { frames, answers, errors } = await see(t, scripts, 'frames');
    assert.deepEqual([frames, answers, errors], [2, 1, 0]);
  });

  it('take events of the worker API for good whose last one has a finish reason', async (t) => {
    const last = chunk('data: {"text":"","error_code":0,"finish_reason":"length"}\n\n');
    const { answers } = await see(t, [[STREAM_HEAD + event('a') + last + LAST_CHUNK]]);
    assert.equal(answers, 1);
  });

  for (const [what, form, script] of [
    ['a stream that is cut', 'events', [STREAM_HEAD + event('a'), null]],
    ['an end without [DONE]', 'events', [STREAM_HEAD + event('a') + LAST_CHUNK]],
    ['frames without a finish reason', 'frames', [STREAM_HEAD + frame('a') + LAST_CHUNK]],
    [
      'an error before [DONE]',
      'events',
      [STREAM_HEAD + event('a') + chunk('data: {"error": {"code": 500}}\n\n') + DONE + LAST_CHUNK],
    ],
    [
      'an error frame',
      'frames',
      [
        STREAM_HEAD +
          chunk('{"text":"x","error_code":50001,"finish_reason":"stop"}\0') +
          LAST_CHUNK,
      ],
    ],
    [
      'another status',
      'events',
      ['HTTP/1.1 503 Busy\r\ncontent-length: 14\r\n\r\ndata: [DONE]\n\n'],
    ],
    ['what is no HTTP', 'events', ['SSH-2.0-x\r\n\r\n']],
  ] as const) {
    it(`notice ${what}, and go on with the next answer`, async (t) => {
      const good = form === 'events' ? EVENTS : [STREAM_HEAD + frame('a', '"stop"') + LAST_CHUNK];
      const { answers, errors } = await see(t, [script, good], form);
      assert.deepEqual([answers, errors], [1, 1]);
    });
  }

  it('leave without an error when they are stopped', async (t) => {
    const port = await startScripted(t, [[STREAM_HEAD + event('a')]]);
    const streams = openStreams({ port, shape, form: 'events', concurrency: 3 });
    while (streams.seen().reads < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    streams.stop();
    await streams.ended;
    assert.equal(streams.seen().errors, 0);
  });
});
