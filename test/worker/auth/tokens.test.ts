import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { serveWorker } from '../../../src/worker/serve.ts';
import { ask, oneService, simStats, startEngine } from '../worker-harness.ts';
import type { HttpReply } from '../worker-harness.ts';
import { bearer, emptyDirectory, entry, put, startGuarded, tokensFile } from './tokens-harness.ts';

const body = { prompt: 'Hi', max_new_tokens: 2 };

function outcome({ status, json, headers }: HttpReply): readonly unknown[] {
  return [status, json['error_code'], headers['www-authenticate']];
}

/** A gateway with these services of its own, all on one engine. */
function gateway(engineUrl: string, ...names: readonly string[]): WorkerConfigInput {
  return {
    role: 'gateway',
    services: names.flatMap((name) => oneService(name, engineUrl).services),
  };
}

describe('a worker with tokens', () => {
  it('demands one on every service route, in every spelling, and on none of the process’s own', async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), [entry('secret')]);

    for (const prefix of ['', '/api'])
      for (const path of ['/worker_generate', '/worker_status', '/model_details', '/nothing']) {
        const none = await ask(worker.url + prefix + path, { body });
        assert.deepEqual(outcome(none), [401, 40101, 'Bearer'], path);
        const wrong = await ask(worker.url + prefix + path, { body, headers: bearer('wrong') });
        assert.deepEqual(outcome(wrong), [401, 40102, 'Bearer error="invalid_token"'], path);
      }
    assert.equal((await simStats(engine))['requests'], 0);
    for (const method of ['GET', 'HEAD'])
      for (const path of ['/health', '/ready', '/metrics'])
        assert.notEqual((await ask(worker.url + path, { method })).status, 401, path);

    for (const authorization of ['Bearer secret', 'bearer  secret']) {
      const right = await ask(`${worker.url}/api/worker_generate`, {
        body,
        headers: { authorization },
      });
      assert.equal(right.status, 200, right.text);
    }
  });

  it('takes no token from an address, a cookie or a body', async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), [entry('secret')]);

    for (const query of [
      'token=secret',
      'access_token=secret',
      'api_key=secret',
      'authorization=Bearer+secret',
    ]) {
      const reply = await ask(`${worker.url}/worker_generate?${query}`, {
        body: { ...body, token: 'secret', access_token: 'secret' },
        headers: { cookie: 'token=secret', 'x-api-key': 'secret' },
      });
      assert.equal(reply.status, 401, query);
    }
  });

  it('refuses before it has read the body', { timeout: 60_000 }, async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), [entry('secret')]);
    const socket = net.connect(Number(new URL(worker.url).port), '127.0.0.1');
    t.after(() => socket.destroy());

    socket.write('POST /worker_generate HTTP/1.1\r\nhost: m\r\ncontent-length: 1000000\r\n\r\n{');

    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    assert.match(first.toString(), /^HTTP\/1.1 401 /);
  });

  it('refuses one that has expired', async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), [
      entry('old', { expires_at_ms: Date.now() - 1 }),
      entry('young', { expires_at_ms: Date.now() + 3_600_000 }),
    ]);
    const asked = async (token: string): Promise<HttpReply> =>
      ask(`${worker.url}/worker_generate`, { body, headers: bearer(token) });

    const old = await asked('old');
    assert.equal(old.status, 401);
    assert.match(String(old.json['error_message']), /expired/);
    assert.equal((await asked('young')).status, 200);
  });

  it('refuses one for another service, on the worker and on the gateway', async (t) => {
    const engine = await startEngine(t);
    const rights = [entry('for-m', { services: ['m'] }), entry('for-all')];
    const worker = await startGuarded(t, oneService('n', engine.url), rights);
    const front = await startGuarded(t, gateway(engine.url, 'm', 'n', 'a/b'), rights);
    const status = async (url: string, token: string): Promise<number> =>
      (await ask(url, { headers: bearer(token) })).status;

    assert.equal(await status(`${worker.url}/worker_status`, 'for-m'), 403);
    assert.equal(await status(`${worker.url}/worker_status`, 'for-all'), 200);
    assert.equal(await status(`${front.url}/api/m/worker_status`, 'for-m'), 200);
    assert.equal(await status(`${front.url}/api/%6d/worker_status`, 'for-m'), 200);
    for (const other of ['n', '%6e', 'M', 'm%2f', 'm%2f..%2fn', 'a%2fb'])
      assert.equal(await status(`${front.url}/api/${other}/worker_status`, 'for-m'), 403, other);
    assert.equal(await status(`${front.url}/api/n/worker_status`, 'for-all'), 200);
    const refused = await ask(`${front.url}/api/n/worker_status`, { headers: bearer('for-m') });
    assert.deepEqual(outcome(refused), [403, 40103, undefined]);
  });

  it('tells no names to strangers, and to a guest of one service none of the others', async (t) => {
    const engine = await startEngine(t);
    const config = gateway(engine.url, 'mine', 'hidden');
    config.services.push({
      ...config.services[1]!,
      name: 'hidden-too',
      worker: 'http://127.0.0.1:9',
    });
    const front = await startGuarded(t, config, [
      entry('guest', { services: ['mine', 'gone'] }),
      entry('for-all'),
    ]);
    const paths = [
      '/api/unknown/worker_status',
      '/api/gone/worker_status',
      '/api/unknown/x',
      '/api/gone/x',
      '/api/hidden/x',
      '/api/hidden-too/x',
      '/api/hidden-too/worker_status',
      '/x',
    ];
    for (const path of paths) {
      const stranger = await ask(front.url + path);
      assert.equal(stranger.status, 401, path);
      assert.doesNotMatch(stranger.text, /hidden|mine/);
      const guest = await ask(front.url + path, { headers: bearer('guest') });
      assert.ok([403, 404].includes(guest.status), path);
      assert.doesNotMatch(guest.text, /hidden|mine/, path);
    }
    const holder = await ask(`${front.url}/api/unknown/x`, { headers: bearer('for-all') });
    assert.match(holder.text, /hidden/);
  });

  it('takes each request of a connection by itself', async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), [entry('secret')]);
    const socket = net.connect(Number(new URL(worker.url).port), '127.0.0.1');
    t.after(() => socket.destroy());
    const lines = (authorization: string): string =>
      `GET /worker_status HTTP/1.1\r\nhost: m\r\n${authorization}\r\n`;

    socket.write(
      lines('authorization: Bearer secret\r\n') + lines('') + lines('connection: close\r\n'),
    );

    let text = '';
    for await (const data of socket) text += String(data);
    assert.deepEqual(text.match(/HTTP\/1.1 \d+/g), [
      'HTTP/1.1 200',
      'HTTP/1.1 401',
      'HTTP/1.1 401',
    ]);
  });
});

describe('a worker whose file of tokens cannot be used', () => {
  const broken: readonly (readonly [what: string, text: string])[] = [
    ['is empty', ''],
    ['is a token', 'my-secret'],
    ['is no JSON', '{"tokens": ['],
    ['has no tokens', '{}'],
    ['has a token instead of its digest', '{"tokens":[{"id":"a","sha256":"my-secret"}]}'],
    ['has a key that nobody knows', '{"tokens":[],"service":"m"}'],
    ['has a token twice', tokensFile(entry('one'), entry('one', { id: 'two' }))],
  ];
  const refuses = async (directory: string): Promise<void> => {
    await put(directory, 'worker.json', JSON.stringify(oneService('m', 'http://127.0.0.1:9')));
    await assert.rejects(
      serveWorker({
        configDirectory: directory,
        host: '127.0.0.1',
        port: 0,
        logLevel: 'silent',
        drainMs: 0,
      }).then((worker) => worker.close()),
      (error) =>
        error instanceof LlmOpsError &&
        error.code === 'config_invalid' &&
        error.message.includes('tokens.json') &&
        !inspect(error).includes('secret'),
    );
  };
  for (const [what, text] of broken)
    it(`does not start when it ${what}`, async (t) => {
      const directory = await emptyDirectory(t);
      await put(directory, 'tokens.json', text);
      await refuses(directory);
    });

  it('ends its process with 2, as for every bad configuration', async (t) => {
    const directory = await emptyDirectory(t);
    await put(directory, 'worker.json', JSON.stringify(oneService('m', 'http://127.0.0.1:9')));
    await put(directory, 'tokens.json', '{}');
    const main = join(import.meta.dirname, '../../../src/worker/main.ts');
    const env = { ...process.env, LLM_OPS_WORKER_CONFIG: directory, LLM_OPS_PORT: '0' };
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    t.after(() => child.kill());
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said += data.toString()));

    const [code] = (await once(child, 'close')) as [number];

    assert.equal(code, 2);
    assert.match(said, /tokens\.json/);
  });

  it('does not start when it is a link that leads nowhere, or a directory', async (t) => {
    for (const target of ['nowhere', '.']) {
      const directory = await emptyDirectory(t);
      await symlink(target, join(directory, 'tokens.json'));
      await refuses(directory);
    }
  });
});
