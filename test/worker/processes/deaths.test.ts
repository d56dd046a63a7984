/** A process that dies takes its own streams with it, and nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scrape } from '../metrics/read-metrics.ts';
import { ask, oneService, simStats, startEngine, toFrames, until } from '../worker-harness.ts';
import { startWorkerProgram } from '../worker-program.ts';
import { SERVERS, startThreeServers, timesListening } from './three-servers.ts';

describe('a server process that is killed', () => {
  it('cuts its streams alone, frees its places, and is replaced', async (t) => {
    const engine = await startEngine(t, { answerTokens: 300, itlMs: 20, contextLength: 10_000 });
    const config = oneService('m', engine.url, { template: null, concurrency: 6 });
    const worker = await startThreeServers(t, config);
    const { url } = worker;
    const body = { prompt: 'Hello', max_new_tokens: 300, stream_mode: 'delta' };
    let begun = 0;
    const streams = Array.from({ length: 6 }, async () => {
      let isFirst = true;
      return ask(`${url}/worker_generate_stream`, {
        body,
        onData: () => {
          if (isFirst) begun += 1;
          isFirst = false;
        },
      }).catch(() => null);
    });
    await until('all have begun', () => begun === 6);

    assert.equal((await scrape(url)).sum('llm_ops_requests_in_progress'), 6);
    const [pid] = await worker.servers();
    process.kill(pid!, 'SIGKILL');
    await until('another listens', () => timesListening(worker) === SERVERS + 1);
    await until('its places are free', async () => {
      const { json } = await ask(`${url}/worker_status`);
      return Number(json['queue_length']) <= 4;
    });
    const replies = await Promise.all(streams);

    const whole = replies.filter((reply) => reply?.text.endsWith('\0') === true);
    const ended = whole.filter((reply) => toFrames(reply!).at(-1)?.finish_reason !== null);
    assert.equal(ended.length, 4);
    const expected = await ask(`${url}/worker_generate`, {
      body: { ...body, max_new_tokens: 300 },
    });
    for (const reply of ended)
      assert.equal(
        toFrames(reply!)
          .map(({ text }) => text)
          .join(''),
        expected.json['text'],
      );
    assert.equal((await simStats(engine))['peak_running'], 6);
    // As many as ever: no place was lost, and none is there twice.
    const again = Array.from({ length: 12 }, () =>
      ask(`${url}/worker_generate`, { body: { prompt: 'x', max_new_tokens: 20 } }),
    );
    for (const { status } of await Promise.all(again)) assert.equal(status, 200);
    assert.equal((await simStats(engine))['peak_running'], 6);
    const { json } = await ask(`${url}/worker_status`);
    assert.equal(json['queue_length'], 0);
    await until('nothing is counted that is no more', async () => {
      return (await scrape(url)).sum('llm_ops_requests_in_progress') === 0;
    });
  });
});

describe('a worker of several processes', () => {
  it('ends with all its servers when its own process is killed', async (t) => {
    const engine = await startEngine(t);
    const worker = await startThreeServers(t, oneService('m', engine.url));
    const servers = await worker.servers();
    assert.equal(servers.length, SERVERS);

    process.kill(worker.pid, 'SIGKILL');

    await until('all are gone', () => !servers.some(isThere));
  });

  it('ends when the channel closes by which it was started, and in order', async (t) => {
    const engine = await startEngine(t, { answerTokens: 50, itlMs: 20 });
    const config = oneService('m', engine.url, { template: null });
    const worker = await startThreeServers(t, config, { drainMs: 600_000 });
    const servers = await worker.servers();
    const begun = Promise.withResolvers<null>();
    const stream = ask(`${worker.url}/worker_generate_stream`, {
      body: { prompt: 'Hello', max_new_tokens: 50 },
      onData: () => begun.resolve(null),
    });
    await begun.promise;

    worker.disconnect();

    assert.equal(toFrames(await stream).at(-1)?.finish_reason, 'stop');
    assert.deepEqual(await worker.ended, [0, null]);
    assert.equal(servers.some(isThere), false);
  });

  it('says that its port is taken, and ends', async (t) => {
    const engine = await startEngine(t);
    const first = await startWorkerProgram(t, oneService('m', engine.url), { processes: 2 });

    const port = Number(new URL(first.url).port);
    const second = startWorkerProgram(t, oneService('m', engine.url), { processes: 2, port });

    await assert.rejects(second, /EADDRINUSE/);
  });
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
