import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { describe, it } from 'node:test';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { ask, oneService, startEngine, startWorker, until } from '../worker-harness.ts';
import type { HttpReply } from '../worker-harness.ts';

type Limits = NonNullable<WorkerConfigInput['services'][number]['limits']>;

function limited(
  engineUrl: string,
  limits: Limits,
  template: string | null = 'llama-2',
): WorkerConfigInput {
  const config = oneService('m', engineUrl, { template });
  return { ...config, services: config.services.map((service) => ({ ...service, limits })) };
}

function refused(reply: HttpReply, status: number, number: number): string {
  assert.equal(reply.status, status, reply.text);
  assert.equal(reply.json['error_code'], number);
  return String(reply.json['error_message']);
}

const MIB = 1024 * 1024;

/** A request that says how long its body is, and sends nothing of it. */
function announce(url: string, bytes: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': String(bytes) };
    const request = http.request(url, { method: 'POST', agent: false, headers }, (response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.on('error', reject);
    request.flushHeaders();
  });
}

/** A body that does not say how long it is, and its end when it is refused. */
function sendForEver(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST', agent: false }, (response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    request.on('error', reject);
    const more = (): void => {
      if (!request.destroyed) request.write('x'.repeat(16 * 1024), () => setImmediate(more));
    };
    more();
  });
}

describe('a body', () => {
  it('that is declared longer than the service takes is refused before any of it comes', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, limited(engine.url, { body_bytes: 1000 }));

    assert.equal(await announce(`${worker.url}/api/worker_generate`, 1001), 413);
  });

  it('without a declared length is refused when it passes the limit', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, limited(engine.url, { body_bytes: 100_000 }));

    assert.equal(await sendForEver(`${worker.url}/api/worker_generate`), 413);
  });

  it('has the limit that the service has now, and the refusal names it', async (t) => {
    const engine = await startEngine(t, { answerTokens: 2 });
    const worker = await startWorker(t, limited(engine.url, { body_bytes: 1000 }));
    const body = { prompt: 'x'.repeat(2000), echo: false };
    const url = `${worker.url}/api/worker_generate`;

    assert.match(refused(await ask(url, { body }), 413, 40302), /1000 bytes/);
    await worker.configure(limited(engine.url, { body_bytes: 3000 }));
    await until('it is taken', async () => (await ask(url, { body })).status === 200);
  });

  it('that is refused is read away, so that its sender hears of it, and may ask again', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, limited(engine.url, { body_bytes: 1000 }));
    const { hostname, port } = new URL(worker.url);
    const socket = net.connect(Number(port), hostname).setEncoding('latin1');
    t.after(() => socket.destroy());
    let heard = '';
    socket.on('data', (text: string) => (heard += text));
    const head = `POST /api/worker_generate HTTP/1.1\r\nhost: x\r\ncontent-length: ${MIB}\r\n\r\n`;
    socket.write(head);
    await until('it is refused', () => heard.startsWith('HTTP/1.1 413'));

    socket.write('x'.repeat(MIB));
    socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');

    await until('the next one is answered', () => heard.includes('HTTP/1.1 200'));
  });

  it('of 16 MB of brackets is refused like any other, in the words of its fault', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, oneService('m', engine.url));
    const url = `${worker.url}/api/worker_generate`;

    const deep = await ask(url, { raw: '['.repeat(16 * MIB) });
    const wide = await ask(url, { raw: `[${'[],'.repeat(5 * MIB)}[]]` });

    assert.match(refused(deep, 400, 40001), /64 levels/);
    assert.match(refused(wide, 400, 40001), /values/);
  });

  it('with keys of JavaScript’s own objects changes none of them', async (t) => {
    const engine = await startEngine(t, { answerTokens: 2 });
    const worker = await startWorker(t, oneService('m', engine.url));
    const url = `${worker.url}/api/worker_generate`;
    const harm = '{"prompt":"x","echo":true,"stop":["y"],"polluted":1}';

    for (const key of ['__proto__', 'constructor', 'toString']) {
      const none = await ask(url, { raw: `{"${key}":${harm}}` });
      assert.match(refused(none, 400, 40001), /prompt/, 'nothing is read out of it');
      const body = `{"prompt":"Hello","echo":false,"${key}":${harm}}`;
      const [odd, plain] = [
        await ask(url, { raw: body }),
        await ask(url, { body: { prompt: 'Hello', echo: false } }),
      ];
      assert.equal(odd.json['text'], plain.json['text'], odd.text);
    }
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('for an address that is not there gets its 404, whatever it is', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, limited(engine.url, { body_bytes: 10 }));

    assert.equal((await ask(`${worker.url}/nothing`, { raw: '{'.repeat(100) })).status, 404);
  });
});

describe('a prompt', () => {
  it('of more characters than the service takes is refused with both numbers', async (t) => {
    const engine = await startEngine(t, { answerTokens: 2 });
    const worker = await startWorker(t, limited(engine.url, { prompt_characters: 100 }));
    const url = `${worker.url}/api/worker_generate`;
    const turn = { role: 'user', text: 'y'.repeat(60) };

    const long = await ask(url, { body: { prompt: 'x'.repeat(101) } });
    const chat = await ask(url, { body: { messages: [turn, turn] } });
    const rendered = await ask(url, { body: { messages: [turn], system_message: 'z'.repeat(39) } });

    for (const reply of [long, chat, rendered])
      assert.match(refused(reply, 400, 40302), /\d{3} characters.* 100 /);
    assert.equal((await ask(url, { body: { prompt: 'x'.repeat(100) } })).status, 200);
  });

  it('that the engine renders is measured as it came', async (t) => {
    const engine = await startEngine(t, { answerTokens: 2 });
    const worker = await startWorker(t, limited(engine.url, { prompt_characters: 100 }, null));
    const url = `${worker.url}/api/worker_generate`;
    const turn = { role: 'user', text: 'y'.repeat(60) };

    refused(await ask(url, { body: { messages: [turn, turn] } }), 400, 40302);
    assert.equal((await ask(url, { body: { messages: [turn] } })).status, 200);
  });
});
