/** A process that dies takes its own streams with it, and nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scrape } from '../metrics/read-metrics.ts';
import { ask, oneService, simStats, startEngine, toFrames, until } from '../worker-harness.ts';
import { startWorkerProgram } from '../worker-program.ts';
import { SERVERS, startThreeServers, timesListening } from './three-servers.ts';

/** Each server has some of them. */
const STREAMS = 12;

describe('a server process that is killed', () => {
  it('cuts its streams alone, frees its places, and is replaced', async (t) => {
    const engine = await startEngine(t, { answerTokens: 400, itlMs: 20, contextLength: 10_000 });
    const config = oneService('m', engine.url, { template: null, concurrency: STREAMS });
    const worker = await startThreeServers(t, config);
    const { url } = worker;
    const body = { prompt: 'Hello', max_new_tokens: 400, stream_mode: 'delta' };
    let begun = 0;
    let cut = 0;
    const streams = Array.from({ length: STREAMS }, async () => {
      let isFirst = true;
      return ask(`${url}/worker_generate_stream`, {
        body,
        onData: () => {
          if (isFirst) begun += 1;
          isFirst = false;
        },
      }).catch(() => {
        cut += 1;
        return null;
      });
    });
    await until('all have begun', () => begun === STREAMS);

    assert.equal((await scrape(url)).sum('llm_ops_requests_in_progress'), STREAMS);
    const [pid] = await worker.servers();
    process.kill(pid!, 'SIGKILL');
    await until('its places are free', async () => {
      // What is handed to it while it dies stays without an answer: see the design note.
      const signal = AbortSignal.timeout(2_000);
      const reply = await fetch(`${url}/worker_status`, { signal }).catch(() => null);
      const status = (await reply?.json()) as { queue_length: number } | undefined;
      return cut > 0 && status?.queue_length === STREAMS - cut;
    });
    assert.ok(cut < STREAMS, `${cut}`);
    await until('another listens', () => timesListening(worker) === SERVERS + 1);
    const replies = await Promise.all(streams);

    const ended = replies.filter((reply) => reply !== null);
    assert.equal(ended.length, STREAMS - cut);
    const expected = await ask(`${url}/worker_generate`, {
      body: { ...body, max_new_tokens: 400 },
    });
    for (const reply of ended)
      assert.equal(
        toFrames(reply)
          .map(({ text }) => text)
          .join(''),
        expected.json['text'],
      );
    assert.equal((await simStats(engine))['peak_running'], STREAMS);
    // As many as ever: no place was lost, and none is there twice.
    const again = Array.from({ length: 2 * STREAMS }, () =>
      ask(`${url}/worker_generate`, { body: { prompt: 'x', max_new_tokens: 20 } }),
    );
    for (const { status } of await Promise.all(again)) assert.equal(status, 200);
    assert.equal((await simStats(engine))['peak_running'], STREAMS);
    await until('all places are free', async () => {
      return (await ask(`${url}/worker_status`)).json['queue_length'] === 0;
    });
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
