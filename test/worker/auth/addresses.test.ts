/** Every spelling of an address that proxies and routers have been fooled by, over raw sockets. */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { oneService, startEngine, until } from '../worker-harness.ts';
import { entry, startGuarded } from './tokens-harness.ts';

const BODY = JSON.stringify({ prompt: 'Hi', max_new_tokens: 2 });

const ENDPOINTS = [
  'worker_generate',
  'worker_generate_stream',
  'worker_status',
  'worker_get_status',
  'worker_conv_template',
  'worker_get_conv_template',
  'model_details',
  'count_token',
];

/** The address of an endpoint below a prefix → another spelling, which may or may not lead there. */
const SPELLINGS: readonly ((prefix: string, name: string) => string)[] = [
  (prefix, name) => `${prefix}/${name}`,
  (prefix, name) => `${prefix}/${name}/`,
  (prefix, name) => `${prefix}/${name}?token=secret`,
  (prefix, name) => `${prefix}/${name}?x=/health`,
  (prefix, name) => `${prefix}/${name}#/health`,
  (prefix, name) => `${prefix}/${name};/health`,
  (prefix, name) => `${prefix}/${name};x=1`,
  (prefix, name) => `${prefix}/${name}%00`,
  (prefix, name) => `${prefix}/${name}%20`,
  (prefix, name) => `${prefix}/${name}%3f`,
  (prefix, name) => `${prefix}/${name}/../${name}`,
  (prefix, name) => `${prefix}/%77${name.slice(1)}`,
  (prefix, name) => `${prefix}/${percent(name)}`,
  (prefix, name) => percent(`${prefix}/${name}`).replace('%2f', '/'),
  (prefix, name) => `${prefix}%2f${name}`,
  (prefix, name) => `${prefix}%5c${name}`,
  (prefix, name) => `${prefix}\\${name}`,
  (prefix, name) => `/${prefix}//${name}`,
  (prefix, name) => `//${prefix}/${name}`,
  (prefix, name) => `${prefix}/./${name}`,
  (prefix, name) => `${prefix}/%2e/${name}`,
  (prefix, name) => `${prefix}/%2e%2e${prefix}/${name}`,
  (prefix, name) => `/health/..${prefix}/${name}`,
  (prefix, name) => `/health/%2e%2e${prefix}/${name}`,
  (prefix, name) => `/health%2f..${prefix}/${name}`,
  (prefix, name) => `/health;${prefix}/${name}`,
  (prefix, name) => `/health%23${prefix}/${name}`,
  (prefix, name) => `${prefix}/${name.toUpperCase()}`,
  (prefix, name) => `${prefix}/${name}.json`,
  (prefix, name) => `http://m${prefix}/${name}`,
  (prefix, name) => `http://evil/health/..${prefix}/${name}`,
  (prefix, name) => `http://user:secret@m${prefix}/${name}`,
  (prefix, name) => `HTTPS://m:8443${prefix}/${name}?`,
];

/** Header lines that name another address, another host, or something that looks like a token. */
const HEADERS: readonly string[] = [
  'host: a\r\nhost: b',
  'host: m\r\nx-original-url: /health',
  'host: m\r\nx-rewrite-url: /health',
  'host: m\r\nx-forwarded-uri: /health',
  'host: m\r\nx-forwarded-prefix: /api/m',
  'host: m\r\nx-forwarded-host: m',
  'host: m\r\nx-forwarded-for: 127.0.0.1',
  'host: m\r\nx-http-method-override: GET',
  'host: m\r\nconnection: authorization',
  'host: m\r\nupgrade: h2c\r\nconnection: upgrade',
  'host: m\r\ncookie: token=secret; authorization=Bearer%20secret',
  'host: m\r\nproxy-authorization: Bearer secret',
  'host: m\r\nx-api-key: secret',
  'host: m\r\nauthorization:',
  'host: m\r\nauthorization: Bearer',
  'host: m\r\nauthorization: secret',
  'host: m\r\nauthorization: Basic secret',
  'host: m\r\nauthorization: Bearer  wrong',
  'host: m\r\nauthorization: Bearer secret, Bearer secret',
  'host: m\r\nauthorization: Bearer wrong\r\nauthorization: Bearer secret',
  `host: m\r\nauthorization: Bearer ${entry('secret').sha256}`,
  'host: m\r\nAuthorization : Bearer secret',
  'host: m\r\nx: y\r\n authorization: Bearer secret',
];

function percent(text: string): string {
  return text.replace(/[^%]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
}

/** One request as these bytes; the statuses of what came back until the connection ended. */
function send(port: number, head: string, body: string): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? undefined : reject(error),
    );
    socket.on('close', () =>
      resolve([...text.matchAll(/^HTTP\/1\.[01] (\d+)/gm)].map(([, status]) => Number(status))),
    );
    socket.end(
      `${head}\r\nconnection: close\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
    );
  });
}

/** In front of an engine: what it is asked, but for whether it is well. */
async function startRecorder(
  t: TestContext,
  engineUrl: string,
): Promise<{ readonly url: string; readonly seen: string[] }> {
  const seen: string[] = [];
  const server = http.createServer((request, response) => {
    if (request.url !== '/health') seen.push(request.url ?? '');
    const { method, headers } = request;
    const forward = http.request(engineUrl + (request.url ?? ''), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    forward.on('error', () => response.destroy());
    request.pipe(forward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, seen };
}

type Variant = { readonly head: string; readonly body: string };

function variantsBelow(prefix: string): readonly Variant[] {
  const spelled = ENDPOINTS.flatMap((name) =>
    SPELLINGS.flatMap((spell) =>
      ['GET', 'POST'].map((method) => ({
        line: `${method} ${spell(prefix, name)}`,
        lines: 'host: m',
      })),
    ),
  );
  const headed = ENDPOINTS.slice(0, 3).flatMap((name) =>
    HEADERS.map((lines) => ({ line: `POST ${prefix}/${name}`, lines })),
  );
  const verbs = ['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'post'].map((method) => ({
    line: `${method} ${prefix}/worker_status`,
    lines: 'host: m',
  }));
  const all = [...spelled, ...headed, ...verbs].map((variant) => ({ ...variant, version: '1.1' }));
  const old = [...headed, ...verbs].map((variant) => ({ ...variant, version: '1.0' }));
  return [...all, ...old].map(({ line, lines, version }) => ({
    head: `${line} HTTP/${version}\r\n${lines}`,
    body: line.startsWith('GET') ? '' : BODY,
  }));
}

for (const role of ['worker', 'gateway'] as const)
  describe(`without a token, a ${role}`, () => {
    it('answers no spelling of any address, and asks its engine nothing', async (t) => {
      const engine = await startEngine(t);
      const recorder = await startRecorder(t, engine.url);
      const config = oneService('m', recorder.url, { role });
      const worker = await startGuarded(t, config, [entry('secret')]);
      const port = Number(new URL(worker.url).port);
      const prefixes = role === 'worker' ? ['', '/api'] : ['/api/m', '/api/%6d', '/fastchat/m'];
      const variants = prefixes.flatMap(variantsBelow);
      const sendAll = async (change: (head: string) => string): Promise<readonly number[][]> => {
        const all: number[][] = [];
        for (let start = 0; start < variants.length; start += 50) {
          const some = variants.slice(start, start + 50);
          all.push(
            ...(await Promise.all(
              some.map(async ({ head, body }) => [...(await send(port, change(head), body))]),
            )),
          );
        }
        return all;
      };
      const withToken = (head: string): string =>
        head.replace('\r\n', '\r\nauthorization: Bearer secret\r\n');
      const status = `GET ${prefixes[0] ?? ''}/worker_status HTTP/1.1\r\nhost: m`;
      await until('the engine is ready', async () => (await readyStatus(port)) === 200);
      assert.deepEqual(await send(port, withToken(status), ''), [200]);
      recorder.seen.length = 0;

      const statuses = await sendAll((head) => head);

      const open = variants.filter((_, index) =>
        (statuses[index] ?? []).some((code) => code < 400),
      );
      assert.deepEqual(open, []);
      assert.deepEqual(recorder.seen, []);
      // The same with the token: many of these do lead somewhere, so the hook, not the router, kept them out.
      const opened = (await sendAll(withToken)).filter((codes) => codes.includes(200));
      assert.ok(variants.length > 1_000, String(variants.length));
      assert.ok(opened.length > 200, `${String(opened.length)} of ${String(variants.length)}`);
      assert.ok(recorder.seen.length > 100);
    });
  });

async function readyStatus(port: number): Promise<number> {
  const [status = 0] = await send(port, 'GET /ready HTTP/1.1\r\nhost: m', '');
  return status;
}
