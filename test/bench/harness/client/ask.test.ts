import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { askMany } from '../../../../bench/harness/client/ask-many.ts';
import { openAsker } from '../../../../bench/harness/client/asker.ts';
import { openProber } from '../../../../bench/harness/client/prober.ts';
import { chunk, LAST_CHUNK, startScripted, STREAM_HEAD } from './scripted-server.ts';

const shape = { path: '/v1/completions', headers: {}, body: '{}' };
const LENGTH = ['HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab', 'cd'];
const CHUNKED = ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n', LAST_CHUNK];
const LAST = ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab', null];
const REFUSAL = ['HTTP/1.1 429 No\r\ncontent-length: 2\r\n\r\nno'];

describe('plain requests', () => {
  it('end with the last byte of replies of any framing, over one connection or the next', async (t) => {
    const port = await startScripted(t, [LENGTH, CHUNKED, LAST, LENGTH]);
    const asker = await openAsker({ port, shape });
    t.after(asker.close);
    for (let at = 0; at < 4; at += 1) assert.ok((await asker.ask()) > 0);
    assert.equal(asker.tail().slice(-4), 'abcd');
  });

  it('fail with another status, and with a reply that breaks off', async (t) => {
    const port = await startScripted(t, [
      REFUSAL,
      ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', null],
    ]);
    const asker = await openAsker({ port, shape });
    t.after(asker.close);
    await assert.rejects(asker.ask(), /429/);
    await assert.rejects(asker.ask(), /closed/);
  });

  it('go over a new connection where the server closed an idle one', async (t) => {
    const port = await startScripted(t, [[...LENGTH, null], LENGTH]);
    const asker = await openAsker({ port, shape });
    t.after(asker.close);
    await asker.ask();
    await sleep(50);
    assert.ok((await asker.ask()) > 0);
  });

  it('are asked again and again for a time, and failures are counted', async (t) => {
    const good = await askMany({
      ...{ port: await startScripted(t, [LENGTH, LAST, CHUNKED]), shape },
      connections: 2,
      durationMs: 60,
    });
    assert.ok(good.requests >= 3);
    assert.equal(good.errors, 0);
    const bad = await askMany({
      ...{ port: await startScripted(t, [REFUSAL]), shape },
      connections: 2,
      durationMs: 60,
    });
    assert.deepEqual([bad.requests, bad.errors], [0, 2]);
    assert.match(bad.firstError ?? '', /429/);
  });
});

describe('a probe', () => {
  it('tells its first chunk and its longest gap, and fails without an end', async (t) => {
    const event = chunk('data: {"text":"a"}\n\n');
    const done = chunk('data: [DONE]\n\n') + LAST_CHUNK;
    const port = await startScripted(t, [
      [STREAM_HEAD + event, '', '', done],
      [STREAM_HEAD, '', '', event + done],
      [STREAM_HEAD + event + LAST_CHUNK],
    ]);
    const prober = await openProber({ port, shape, form: 'events' });
    t.after(prober.close);
    const early = await prober.probe();
    assert.ok(early.longestGapMs > 0);
    const late = await prober.probe();
    assert.equal(late.longestGapMs, 0);
    assert.ok(late.firstMs > 15);
    await assert.rejects(prober.probe(), /without its end/);
  });
});
