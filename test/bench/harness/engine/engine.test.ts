import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerText } from '../../../../bench/harness/engine/answers.ts';
import { type BenchEngine, startEngine } from '../../../../bench/harness/engine/engine.ts';
import type { Delta } from '../../../../src/engines/engine.ts';
import { AnswerReader } from '../../../../src/engines/stream/answer-reader.ts';

const CHAT = {
  model: 'bench',
  messages: [{ role: 'user', content: 'Hello' }],
  stream: true,
  stream_options: { include_usage: true, continuous_usage_stats: true },
};

let engine: BenchEngine;
before(async () => {
  engine = await startEngine({ core: null });
});
after(() => engine.close());

describe("the bench's engine", () => {
  for (const [path, mode] of [
    ['/v1/chat/completions', { tokens: 7, intervalMs: 2, firstTokenMs: 0 }],
    ['/v1/chat/completions', { tokens: 7, intervalMs: 2, firstTokenMs: 5 }],
    ['/v1/completions', { tokens: 7, intervalMs: 2, firstTokenMs: 0 }],
    ['/v1/completions', { tokens: 7, intervalMs: 0, firstTokenMs: 0 }],
    ['/v1/completions', { tokens: 1, intervalMs: 0, firstTokenMs: 3 }],
    ['/v1/completions', { tokens: 300, intervalMs: 1, firstTokenMs: 0, isMidway: true }],
  ] as const) {
    it(`streams all its tokens, in order: ${path} ${JSON.stringify(mode)}`, async () => {
      await engine.setMode(mode);
      const before = await engine.counts();
      const reader = new AnswerReader();
      let text = '';
      let last: Delta | null = null as Delta | null;
      const reply = await fetch(engine.url + path, { method: 'POST', body: JSON.stringify(CHAT) });
      assert.equal(reply.status, 200);
      for await (const bytes of reply.body!) {
        last = reader.read(Buffer.from(bytes as Uint8Array));
        text += last?.text ?? '';
      }
      assert.equal(text, answerText(mode.tokens));
      assert.deepEqual([last?.finishReason, last?.usage?.completionTokens], ['stop', mode.tokens]);
      const { requests, chunks } = await engine.counts();
      assert.equal(requests - before.requests, 1);
      if ('isMidway' in mode) assert.ok(chunks - before.chunks <= mode.tokens);
      else assert.equal(chunks - before.chunks, mode.intervalMs === 0 ? 1 : mode.tokens);
    });
  }

  for (const mode of [
    { tokens: 7, intervalMs: 2, firstTokenMs: 0 },
    { tokens: 7, intervalMs: 0, firstTokenMs: 5 },
    { tokens: 300, intervalMs: 1, firstTokenMs: 0, isMidway: true },
  ])
    it(`is a FastChat worker, whose frames have all text so far: ${JSON.stringify(mode)}`, async () => {
      await engine.setMode(mode);
      const before = await engine.counts();
      const url = `${engine.url}/worker_generate_stream`;
      const reply = await fetch(url, { method: 'POST', body: '{}' });
      const frames = (await reply.text())
        .split('\0')
        .slice(0, -1)
        .map((frame) => JSON.parse(frame) as { text: string; finish_reason: string | null });
      const all = answerText(mode.tokens);
      assert.ok(frames.every(({ text }) => all.startsWith(text)));
      assert.deepEqual(
        frames.map(({ text }) => text),
        frames.map(({ text }) => text).toSorted((a, b) => a.length - b.length),
      );
      assert.equal(frames.at(-1)?.text, all);
      assert.deepEqual(
        frames.map(({ finish_reason }) => finish_reason),
        [...frames.slice(1).map(() => null), 'stop'],
      );
      const { requests, chunks } = await engine.counts();
      assert.deepEqual([requests - before.requests, chunks - before.chunks], [1, frames.length]);

      const plain = await fetch(`${engine.url}/worker_generate`, { method: 'POST', body: '{}' });
      assert.deepEqual(await plain.json(), frames.at(-1));
    });

  it('counts no request that only asks about the model', async () => {
    const before = await engine.counts();
    for (const path of ['worker_get_status', 'model_details', 'count_token'])
      assert.equal((await fetch(`${engine.url}/${path}`, { method: 'POST' })).status, 200);
    assert.deepEqual(await engine.counts(), before);
  });

  it('answers in one piece, after the time that a stream takes', async () => {
    await engine.setMode({ tokens: 3, intervalMs: 1, firstTokenMs: 2 });
    const { chunks } = await engine.counts();
    const reply = await fetch(`${engine.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...CHAT, stream: false }),
    });
    const { choices } = (await reply.json()) as {
      choices: { message: { content: string }; finish_reason: string }[];
    };
    assert.equal(choices[0]?.message.content, answerText(3));
    assert.equal(choices[0].finish_reason, 'stop');
    assert.equal((await engine.counts()).chunks, chunks);
  });

  it('is ready, and tells its model', async () => {
    assert.equal((await fetch(`${engine.url}/health`)).status, 200);
    const models = (await (await fetch(`${engine.url}/v1/models`)).json()) as {
      data: { id: string; max_model_len: number }[];
    };
    assert.deepEqual(
      models.data.map(({ id, max_model_len }) => [id, max_model_len]),
      [['bench', 131_072]],
    );
    assert.equal((await fetch(`${engine.url}/v1/nothing`)).status, 404);
  });

  it('counts clients who leave, and writes no more for them', async () => {
    await engine.setMode({ tokens: 10_000, intervalMs: 1, firstTokenMs: 0 });
    const { departures } = await engine.counts();
    await readSome(engine.port);
    await until(async () => (await engine.counts()).departures === departures + 1);
    const { chunks } = await engine.counts();
    await sleep(20);
    assert.equal((await engine.counts()).chunks, chunks);
  });

  it('breaks off what is not over', async () => {
    await engine.setMode({ tokens: 10_000, intervalMs: 1, firstTokenMs: 0 });
    const reply = await fetch(`${engine.url}/v1/completions`, {
      method: 'POST',
      body: JSON.stringify(CHAT),
    });
    await engine.breakOff();
    await assert.rejects(reply.text());
  });
});

async function readSome(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const body = JSON.stringify(CHAT);
  socket.write(
    `POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await once(socket, 'data');
  socket.destroy();
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(5);
}
