import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { createFrames } from '../../../src/worker/replies/frames.ts';
import type { FrameForm } from '../../../src/worker/replies/frames.ts';
import { ReplyStream } from '../../../src/worker/replies/reply-stream.ts';
import { until } from '../worker-harness.ts';

type Opened = {
  readonly stream: ReplyStream;
  readonly raw: http.ServerResponse;
  readonly socket: Socket;
  /** The reply as it came so far, head and all. */
  readonly received: () => string;
  readonly events: string[];
};

/** A real reply on a real connection, with the reader in our hand. */
async function open(
  t: TestContext,
  options: Partial<{
    form: FrameForm;
    keepAliveMs: number;
    readerTimeoutMs: number;
    isReading: boolean;
    version: '1.0' | '1.1';
  }> = {},
): Promise<Opened> {
  const { form = { mode: 'cumulative', framing: 'nul' }, isReading = true } = options;
  const events: string[] = [];
  const opened = Promise.withResolvers<{ stream: ReplyStream; raw: http.ServerResponse }>();
  const server = http.createServer((_request, raw) => {
    const stream = new ReplyStream({
      raw,
      frames: createFrames(form, {
        mostPatienceMs: 50,
        isChunked: raw.useChunkedEncodingByDefault,
      }),
      keepAliveMs: options.keepAliveMs ?? 60_000,
      readerTimeoutMs: options.readerTimeoutMs ?? 60_000,
      onBegin: () => events.push('begin'),
      onReaderTimeout: () => events.push('reader timeout'),
    });
    opened.resolve({ stream, raw });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  socket.on('error', () => undefined);
  if (isReading) socket.on('data', (part: Buffer) => parts.push(part));
  else socket.pause();
  socket.write(`GET / HTTP/${options.version ?? '1.1'}\r\nhost: x\r\n\r\n`);
  t.after(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  return {
    ...(await opened.promise),
    socket,
    events,
    received: () => Buffer.concat(parts).toString(),
  };
}

/** A body without its chunk marks, read by their sizes. */
function unchunked(wire: string): string {
  let [body, at] = ['', 0];
  for (;;) {
    const lineEnd = wire.indexOf('\r\n', at);
    const size = Number.parseInt(wire.slice(at, lineEnd), 16);
    const start = lineEnd + 2;
    assert.equal(wire.slice(start + size, start + size + 2), '\r\n');
    if (size === 0) return body;
    body += wire.slice(start, start + size);
    at = start + size + 2;
  }
}

const flowing = { pause: () => undefined, resume: () => undefined };
const piece = (text: string) => ({ text, usage: null, finishReason: null });
const last = (text: string) => ({ text, usage: null, finishReason: 'stop' as const });

describe('a reply stream', () => {
  for (const version of ['1.0', '1.1'] as const) {
    it(`is a body of HTTP/${version}, whatever comes in it`, async (t) => {
      const { stream, received, socket } = await open(t, { version });
      const isEnded = new Promise((resolve) => socket.once('end', resolve));

      stream.begin(flowing);
      stream.push(piece('Grüße'));
      await until('the first frame', () => received().includes('"text":"Gr'));
      stream.push(last('x'.repeat(5_000)));
      await (version === '1.0'
        ? isEnded
        : until('the end', () => received().endsWith('0\r\n\r\n')));

      const [head = '', ...rest] = received().split('\r\n\r\n');
      assert.equal(/transfer-encoding: chunked/i.test(head), version === '1.1');
      const wire = received().slice(head.length + 4);
      const body = version === '1.0' ? wire : unchunked(wire);
      assert.ok(rest.length > 0);
      const texts = body
        .split('\0')
        .slice(0, -1)
        .map((json) => (JSON.parse(json) as { text: string }).text);
      assert.deepEqual(texts, ['Grüße', `Grüße${'x'.repeat(5_000)}`]);
    });
  }

  it('sends the first text at once and the last one with it when both are there', async (t) => {
    const { stream, received } = await open(t);

    stream.begin(flowing);
    stream.push(piece('a'));
    await until('the first frame', () => received().includes('"text":"a"'));
    stream.push(last('b'));

    await until('the end', () => received().endsWith('0\r\n\r\n'));
    assert.match(received(), /"text":"ab".*"finish_reason":"stop"/);
  });

  it('says it before it sends its head, once', async (t) => {
    const { stream, events, raw } = await open(t);
    stream.begin(flowing);
    assert.deepEqual([events, raw.headersSent, stream.hasBegun], [[], false, false]);

    stream.push(piece('a'));
    stream.push(last('b'));

    assert.deepEqual([events, stream.hasBegun], [['begin'], true]);
  });

  it('gives signs of life while there is nothing to say, before its first text, too', async (t) => {
    const nul = await open(t, { keepAliveMs: 20 });
    const sse = await open(t, { keepAliveMs: 20, form: { mode: 'delta', framing: 'sse' } });

    await until('some NULs', () => (nul.received().match(/1\r\n\0\r\n/g) ?? []).length >= 3);
    await until('comments', () => (sse.received().match(/: keep-alive\n\n/g) ?? []).length >= 3);
    nul.stream.push(last('a'));

    await until('the end', () => nul.received().includes('"text":"a"'));
  });

  it('keeps one frame for a reader that does not read, and the newest text reaches it', async (t) => {
    const { stream, raw, socket } = await open(t, { isReading: false });
    const pauses: true[] = [];
    stream.begin({ pause: () => pauses.push(true), resume: () => undefined });
    const line = `${'x'.repeat(9_999)}\n`;
    let characters = 0;

    while (pauses.length === 0) {
      stream.push(piece(line));
      characters += line.length + 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const waiting = raw.writableLength;
    stream.push(last('the end'));
    const parts: Buffer[] = [];
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.resume();
    await until('the end', () => parts.at(-1)?.toString().endsWith('0\r\n\r\n') === true);

    assert.ok(waiting > 0, 'the reader never was too slow, so nothing was shown');
    assert.ok(waiting < characters + 1_000, `${waiting} bytes are more than one frame`);
    assert.match(Buffer.concat(parts).toString().slice(-200), /the end","error_code":0/);
  });

  it('holds the engine back when very much waits, and lets it go on when it was read', async (t) => {
    const { stream, socket } = await open(t, {
      isReading: false,
      form: { mode: 'delta', framing: 'nul' },
    });
    const calls: string[] = [];
    stream.begin({ pause: () => calls.push('pause'), resume: () => calls.push('resume') });

    for (let i = 0; calls.length === 0; i += 1) {
      stream.push(piece('x'.repeat(10_000)));
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(i < 100_000, 'it is never held back');
    }
    socket.resume();

    await until('it goes on', () => calls.includes('resume'));
    assert.deepEqual(calls, ['pause', 'resume']);
  });

  it('leaves a reader that takes nothing for too long, also after the last frame', async (t) => {
    const midway = await open(t, { isReading: false, readerTimeoutMs: 100 });
    const ended = await open(t, { isReading: false, readerTimeoutMs: 100 });

    for (const { stream } of [midway, ended]) stream.begin(flowing);
    for (let i = 0; !midway.raw.destroyed; i += 1) {
      if (i < 100) midway.stream.push(piece('x'.repeat(100_000)));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    ended.stream.push(last('y'.repeat(20_000_000)));

    await until('both are left', () => ended.raw.destroyed);
    assert.ok(midway.events.includes('reader timeout'));
    assert.ok(ended.events.includes('reader timeout'));
  });

  it('ends with the text that came and then the error', async (t) => {
    const { stream, received } = await open(t);
    stream.begin(flowing);
    stream.push(piece('a'));
    stream.push(piece('b'));
    stream.fail({
      error: { message: 'it died', type: 'server_error', code: 'engine_failed', param: null },
      error_code: 50001,
      error_message: 'it died',
    });

    await until('the end', () => received().endsWith('0\r\n\r\n'));
    assert.match(received(), /"text":"ab"[^\0]*\0[^\0]*"error_code":50001[^\0]*\0/);
  });
});
