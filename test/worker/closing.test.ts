import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { serveWorker } from '../../src/worker/serve.ts';
import { ask, oneService, startEngine, startWorker, toFrames, until } from './worker-harness.ts';

/** A connection that writes `head` and never reads. */
function mute(t: TestContext, url: string, head: string): net.Socket {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(head);
  return socket;
}

describe('a worker that closes', () => {
  it('does not wait for the connection of a client that would ask again', async (t) => {
    const engine = await startEngine(t, { answerTokens: 20, itlMs: 5 });
    const worker = await startWorker(t, oneService('m', engine.url), { drainMs: 600_000 });
    const agent = new http.Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const closing: Promise<void>[] = [];

    await new Promise((resolve, reject) => {
      const request = http.request(`${worker.url}/worker_generate_stream`, {
        method: 'POST',
        agent,
      });
      request.on('error', reject);
      request.on('response', (response) => {
        response.on('data', () => void closing.push(worker.close()));
        response.on('end', resolve);
      });
      request.end('{"prompt":"x"}');
    });

    assert.ok(closing.length > 0, 'it was closed in the middle of the stream');
    await Promise.all(closing);
  });

  it('lets its streams finish when it may wait for longer than any timer can', async (t) => {
    const engine = await startEngine(t, { answerTokens: 20, itlMs: 5 });
    const worker = await startWorker(t, oneService('m', engine.url), { drainMs: 2 ** 40 });
    const closing: Promise<void>[] = [];

    const stream = await ask(`${worker.url}/worker_generate_stream`, {
      body: { prompt: 'x' },
      onData: () => void closing.push(worker.close()),
    });

    assert.equal(toFrames(stream).at(-1)?.finish_reason, 'stop');
    await Promise.all(closing);
  });

  it('does not wait for ever for a client that does not read', async (t) => {
    const engine = await startEngine(t, { answerTokens: 50_000, contextLength: 100_000 });
    const worker = await startWorker(t, oneService('m', engine.url));
    const body = '{"prompt":"x","max_new_tokens":60000}';
    const head = `POST /worker_generate_stream HTTP/1.1\r\nHost: m\r\nContent-Length: ${body.length}`;

    mute(t, worker.url, `${head}\r\n\r\n${body}`);
    await until('it is being answered', async () => {
      const { json } = await ask(`${worker.url}/worker_status`);
      return json['queue_length'] === 1;
    });

    await worker.close();
  });

  it('does not wait for ever for a client that never finishes its request', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, oneService('m', engine.url));

    const half = mute(t, worker.url, 'POST /worker_generate HTTP/1.1\r\nHost: m\r\nContent-Le');
    await new Promise((resolve) => half.once('connect', resolve));
    await ask(`${worker.url}/worker_status`);

    await worker.close();
  });
});

describe('a worker that cannot listen', () => {
  it('leaves the engines alone', async (t) => {
    let asked = 0;
    const loading = http.createServer((_request, response) => {
      asked += 1;
      response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => loading.listen(0, '127.0.0.1', resolve));
    t.after(() => loading.close());
    const { port } = loading.address() as net.AddressInfo;
    const config = await startWorker(t, oneService('m', 'http://127.0.0.1:9'));
    await config.configure(oneService('m', `http://127.0.0.1:${port}`));

    await assert.rejects(
      serveWorker({ ...config.options, port: Number(new URL(config.url).port) }),
      { code: 'EADDRINUSE' },
    );

    await config.close();
    // A look that was under way may still arrive.
    await new Promise((resolve) => setTimeout(resolve, 600));
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(asked, before);
  });
});
