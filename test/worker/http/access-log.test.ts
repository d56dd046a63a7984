import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { serveWorker } from '../../../src/worker/serve.ts';
import { ask, oneService, simStats, startEngine, startWorker, until } from '../worker-harness.ts';

type Line = Readonly<Record<string, unknown>>;

type LoggingWorker = {
  readonly url: string;
  /** All of the log so far. */
  readonly text: () => string;
  /** Its lines of requests, when there are so many. */
  readonly requests: (count: number) => Promise<readonly Line[]>;
};

const TOKEN = 'sk-open-sesame';

/** One that asks for a token where `token` says so, and is ready. */
async function startLogging(
  t: TestContext,
  config: WorkerConfigInput,
  options: { readonly token?: boolean; readonly logLevel?: string } = {},
): Promise<LoggingWorker> {
  const { options: common } = await startWorker(t, config);
  if (options.token === true) {
    const sha256 = createHash('sha256').update(TOKEN).digest('hex');
    const tokens = { tokens: [{ id: 'alice', sha256 }] };
    await writeFile(join(common.configDirectory, 'tokens.json'), JSON.stringify(tokens));
  }
  let text = '';
  const log = { write: (line: string) => void (text += line) };
  const { logLevel = 'info' } = options;
  const { url, close } = await serveWorker({ ...common, logLevel, log });
  t.after(close);
  await until('ready', async () => (await ask(`${url}/ready`)).status === 200);
  const lines = (): readonly Line[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
      .filter(({ msg }) => msg === 'request');
  return {
    url,
    text: () => text,
    requests: async (count) => {
      await until(`${count} lines`, () => lines().length >= count);
      return lines();
    },
  };
}

describe('the access log', () => {
  it('has one line for an answer, with where it went, how fast and how much', async (t) => {
    const engine = await startEngine(t, { answerTokens: 9 });
    const worker = await startLogging(t, oneService('m', engine.url));

    await ask(`${worker.url}/api/worker_generate?key=plugh`, { body: { prompt: 'xyzzy' } });
    await ask(`${worker.url}/worker_generate_stream`, {
      body: { prompt: 'xyzzy', max_new_tokens: 4 },
    });

    const [whole, stream, ...more] = await worker.requests(2);
    assert.deepEqual(more, []);
    const { method, url, status, outcome, service, version, replica, attempts } = whole ?? {};
    assert.deepEqual(
      { method, url, status, outcome, service, version, replica, attempts },
      {
        method: 'POST',
        url: '/api/worker_generate',
        status: 200,
        outcome: 'stop',
        service: 'm',
        version: 'default',
        replica: 'm-engine-0',
        attempts: 1,
      },
    );
    assert.equal(whole?.['tokens_out'], 9);
    assert.equal(stream?.['tokens_out'], 4);
    assert.equal(stream['outcome'], 'length');
    assert.equal(whole['client'], '127.0.0.1');
    for (const field of ['ttft_ms', 'duration_ms', 'tokens_in', 'bytes'])
      assert.ok(Number(stream[field]) > 0, `${field} is ${String(stream[field])}`);
    assert.equal('error' in whole, false);
    assert.doesNotMatch(worker.text(), /xyzzy|plugh/);
  });

  it('says why a request failed, whoever failed it and however the client was told', async (t) => {
    const engine = await startEngine(t, { answerTokens: 50 });
    const worker = await startLogging(t, oneService('m', engine.url));
    const body = { prompt: 'x' };
    const bad = { prompt: 'x', temperature: -1 };

    await ask(`${worker.url}/worker_generate`, { body: bad });
    await ask(`${worker.url}/api/worker_generate_stream`, { raw: '{' });
    await ask(`${worker.url}/nothing/here`);
    await ask(`${engine.url}/sim/faults`, { body: { die_at_token: 3 } });
    await ask(`${worker.url}/worker_generate_stream`, { body });
    await ask(`${worker.url}/worker_generate`, { body });
    await ask(`${worker.url}/api/worker_generate`, { body });

    const lines = await worker.requests(6);
    assert.deepEqual(
      lines.map(({ status, outcome, error }) => [status, outcome, error]),
      [
        [200, 'param_out_of_range', 'param_out_of_range'],
        [400, 'invalid_request', 'invalid_request'],
        [404, 'not_found', 'not_found'],
        [200, 'engine_failed', 'engine_failed'],
        [200, 'engine_failed', 'engine_failed'],
        [502, 'engine_failed', 'engine_failed'],
      ],
    );
  });

  it('tells a client that left from one that was answered, and what it had cost', async (t) => {
    const engine = await startEngine(t, { answerTokens: 5_000, itlMs: 2, contextLength: 10_000 });
    const worker = await startLogging(t, oneService('m', engine.url));

    await ask(`${worker.url}/worker_generate_stream`, {
      body: { prompt: 'x', max_new_tokens: 5_000 },
      onData: (bytes, leave) => {
        if (bytes.includes('completion_tokens')) leave();
      },
    });

    const [line] = await worker.requests(1);
    assert.equal(line?.['outcome'], 'client_left');
    assert.ok(Number(line['tokens_out']) > 0);
    assert.equal(line['client'], '127.0.0.1');
    assert.equal(line['status'], 200);
    await until('it left', async () => (await simStats(engine))['running'] === 0);
  });

  it('has no status where the client left before it was told one', async (t) => {
    const engine = await startEngine(t, { ttftMs: 60_000 });
    const worker = await startLogging(t, oneService('m', engine.url));
    const leaving = new AbortController();
    const { signal } = leaving;
    const body = '{"prompt":"x"}';

    const reply = fetch(`${worker.url}/worker_generate`, { method: 'POST', body, signal });
    await until('it is at the engine', async () => (await simStats(engine))['running'] === 1);
    leaving.abort();
    await assert.rejects(reply);

    const [line] = await worker.requests(1);
    assert.equal(line?.['outcome'], 'client_left');
    assert.equal('status' in line, false);
  });

  it('names the token, and never has it', async (t) => {
    const engine = await startEngine(t, { answerTokens: 2 });
    const worker = await startLogging(t, oneService('m', engine.url), {
      token: true,
      logLevel: 'trace',
    });
    const url = `${worker.url}/worker_generate?token=${TOKEN}`;
    const body = { prompt: 'x' };

    await ask(url, { body, headers: { authorization: `Bearer ${TOKEN}` } });
    await ask(url, { body, headers: { authorization: `Bearer ${TOKEN}-not` } });

    await until('both are there', () => worker.text().split('worker_generate').length > 2);
    const lines = (await worker.requests(2)).filter(({ url: path }) => path !== '/ready');
    assert.deepEqual(
      lines.map(({ token, service, outcome }) => [token, service, outcome]),
      [
        ['alice', 'm', 'stop'],
        [undefined, 'm', 'token_invalid'],
      ],
    );
    assert.doesNotMatch(worker.text(), /sesame/);
  });

  it('has the request’s id, as the client named it or as we did, and tells it with every reply', async (t) => {
    const engine = await startEngine(t, { answerTokens: 2 });
    const worker = await startLogging(t, oneService('m', engine.url));
    const given = ['mine-1', '4bf92f35:77b3_4da6.a3ce', 'no"t\\mine', 'x'.repeat(129), ''];
    const told: (string | undefined)[] = [];

    for (const id of given)
      for (const path of ['worker_generate', 'worker_generate_stream', 'nothing']) {
        const headers = { 'x-request-id': id };
        const reply = await ask(`${worker.url}/${path}`, { body: { prompt: 'x' }, headers });
        const { 'x-request-id': name } = reply.headers;
        assert.equal(typeof name, 'string', path);
        told.push(String(name));
      }

    const lines = await worker.requests(told.length);
    assert.deepEqual(
      lines.map((line) => line['request_id']),
      told,
    );
    assert.deepEqual(
      told.slice(0, 6),
      [0, 0, 0, 1, 1, 1].map((index) => given[index]),
    );
    for (const name of told.slice(6)) assert.match(name ?? '', /^[0-9a-f-]{36}$/);
  });

  it('tells what is asked again and again only to who wants to know everything', async (t) => {
    const engine = await startEngine(t);
    const worker = await startLogging(t, oneService('m', engine.url));

    for (const path of ['health', 'ready', 'metrics', 'worker_status?x=1', 'api/worker_get_status'])
      assert.equal((await ask(`${worker.url}/${path}`)).status, 200, path);
    await ask(`${worker.url}/worker_get_conv_template`);

    const lines = await worker.requests(1);
    assert.deepEqual(
      lines.map(({ url, outcome }) => [url, outcome]),
      [['/worker_get_conv_template', 'ok']],
    );
  });
});
