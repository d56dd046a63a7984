import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { takeFreePort } from '../../../src/local/process/free-port.ts';
import { type EngineWatch, watchEngine } from '../../../src/local/supervisor/watch-engine.ts';
import { eventually } from '../stand-ins.ts';

/** The engine's answer to GET /health, and how often it was asked. */
let status = 200;
let looks = 0;
/** It answers every fourth look only. */
let isBusy = false;
let server: Server;
let port = 0;
let over: AbortController;
beforeEach(async () => {
  [status, looks, isBusy, over] = [200, 0, false, new AbortController()];
  server = createServer((request, response) => {
    assert.equal(request.url, '/health');
    looks += 1;
    response.writeHead(isBusy && looks % 4 > 0 ? 503 : status).end();
  });
  port = await listen(0);
});
afterEach(() => {
  over.abort();
  server.close();
});

async function listen(wanted: number): Promise<number> {
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

type Watched = {
  readonly phrases: (string | null)[];
  readonly isReady: () => boolean;
  /** null: it is still looked at. */
  readonly verdict: () => boolean | null;
};

function watch(changes: Partial<EngineWatch> = {}): Watched {
  const phrases: (string | null)[] = [];
  let isReady = false;
  let verdict: boolean | null = null;
  void watchEngine({
    ...{ host: '127.0.0.1', port, dialect: 'vllm', lines: () => [] },
    onProgress: (phrase) => phrases.push(phrase),
    onReady: () => (isReady = true),
    timing: { pollMs: 5, lookMs: 5 },
    signal: over.signal,
    ...changes,
  }).then((isDead) => (verdict = isDead));
  return { phrases, isReady: () => isReady, verdict: () => verdict };
}

async function looksAgain(count: number): Promise<void> {
  const before = looks;
  await eventually('more looks', () => (looks >= before + count ? true : null));
}

describe('an engine that loads', () => {
  it('tells what it does until it is ready, and then no more', async () => {
    status = 503;
    const lines = ['loading the model, 40 %'];
    const watched = watch({ dialect: 'built-in', lines: () => lines });
    await eventually('a phrase', () => watched.phrases.at(-1) ?? null);
    assert.match(watched.phrases.at(-1)!, /40 %/);
    assert.equal(watched.isReady(), false);
    status = 200;
    await eventually('it is ready', () => (watched.isReady() ? true : null));
    assert.equal(watched.phrases.at(-1), null);
  });

  it('is waited for while nothing listens yet', async () => {
    const watched = watch({ port: await takeFreePort(new Set()) });
    await sleep(50);
    assert.deepEqual([watched.isReady(), watched.verdict()], [false, null]);
  });
});

describe('an engine that was ready', () => {
  it('is dead when vLLM says 503 again and again', async () => {
    const watched = watch();
    await eventually('it is ready', () => (watched.isReady() ? true : null));
    status = 503;
    await eventually('the verdict', () => watched.verdict());
    assert.equal(watched.verdict(), true);
  });

  it('is dead when it takes no connections any more', async () => {
    const watched = watch({ dialect: 'built-in' });
    await eventually('it is ready', () => (watched.isReady() ? true : null));
    server.close();
    await eventually('the verdict', () => watched.verdict());
    assert.equal(watched.verdict(), true);
  });

  it('is left alone when it comes back in between', async () => {
    const watched = watch();
    await eventually('it is ready', () => (watched.isReady() ? true : null));
    isBusy = true;
    await looksAgain(20);
    assert.equal(watched.verdict(), null);
  });

  it('is left alone when llama.cpp loads again what it had put aside', async () => {
    for (const dialect of ['built-in', 'llama-server', null] as const) {
      status = 200;
      const watched = watch({ dialect });
      await eventually('it is ready', () => (watched.isReady() ? true : null));
      status = 503;
      await looksAgain(8);
      assert.equal(watched.verdict(), null);
      over.abort();
      over = new AbortController();
    }
  });

  it('is no more looked at when its life is over', async () => {
    const watched = watch();
    await eventually('it is ready', () => (watched.isReady() ? true : null));
    over.abort();
    await eventually('the end', () => watched.verdict() ?? null);
    assert.equal(watched.verdict(), false);
  });
});
