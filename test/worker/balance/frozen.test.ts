import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { startSimulator } from '../../load/harness/programs.ts';
import type { Program } from '../../load/harness/programs.ts';
import { ask, startEngine, startWorker, until } from '../worker-harness.ts';
import type { HttpReply, RunningWorker } from '../worker-harness.ts';
import { replicated, setFaults, stateOf } from './replicated.ts';

const BODY = { prompt: 'x', echo: false, max_new_tokens: 10 };
const IDLE_LIMIT_MS = 700;

function generate(worker: RunningWorker): Promise<HttpReply> {
  return ask(`${worker.url}/api/worker_generate`, { body: BODY });
}

/** A process of its own, which can be stopped. */
function startFreezable(t: TestContext): Promise<Program> {
  return startSimulator(t, { 'answer-tokens': 10, 'ttft-ms': 0, 'itl-ms': 0 });
}

async function completedAt(engine: { readonly url: string }): Promise<number> {
  return Number((await ask(`${engine.url}/sim/stats`)).json['completed']);
}

describe('an engine that is stopped in the middle of its work', () => {
  it('is passed over, fails nobody, and is taken again when it goes on', async (t) => {
    const frozen = await startFreezable(t);
    const other = await startEngine(t, { answerTokens: 10 });
    const worker = await startWorker(
      t,
      replicated({ urls: [frozen.url, other.url], idleTimeoutMs: IDLE_LIMIT_MS }),
    );
    await until('both answer', async () => {
      await generate(worker);
      return (await completedAt(frozen)) > 0 && (await completedAt(other)) > 0;
    });

    process.kill(frozen.pid, 'SIGSTOP');
    const during = await Promise.all(Array.from({ length: 8 }, () => generate(worker)));
    assert.deepEqual(
      during.map(({ status }) => status),
      during.map(() => 200),
    );
    // From here on nobody is sent there first: no request takes the idle limit, which the whole round would add up to.
    const beforeRound = await completedAt(other);
    for (let i = 0; i < 10; i += 1) assert.equal((await generate(worker)).status, 200);
    assert.equal(await completedAt(other), beforeRound + 10);

    process.kill(frozen.pid, 'SIGCONT');
    const before = await completedAt(frozen);
    await until('it is taken again', async () => {
      assert.equal((await generate(worker)).status, 200);
      // One is the canary.
      return (await completedAt(frozen)) > before + 1;
    });
  });

  it('that is the only one is told with its state, not waited for', async (t) => {
    const frozen = await startFreezable(t);
    const worker = await startWorker(
      t,
      replicated({ urls: [frozen.url], idleTimeoutMs: IDLE_LIMIT_MS }),
    );
    await until('it answers', async () => (await generate(worker)).status === 200);

    process.kill(frozen.pid, 'SIGSTOP');
    assert.equal((await generate(worker)).status, 504);
    const refused = await generate(worker);
    assert.equal(refused.status, 503);
    assert.equal(refused.json['state'], 'stalled');
    assert.match(refused.text, /the engine does not make progress/);
    assert.equal(refused.headers['retry-after'], '5');

    process.kill(frozen.pid, 'SIGCONT');
    await until('it answers again', async () => (await generate(worker)).status === 200);
  });
});

describe('an engine whose health is well, and that generates nothing', () => {
  it('is passed over until a canary comes through', async (t) => {
    const engine = await startEngine(t, { answerTokens: 10 });
    const worker = await startWorker(
      t,
      replicated({ urls: [engine.url], idleTimeoutMs: IDLE_LIMIT_MS }),
    );
    await until('it answers', async () => (await generate(worker)).status === 200);

    await setFaults(engine.url, { stall_at_token: 0 });
    assert.equal((await generate(worker)).status, 504);
    assert.equal(await stateOf(worker), 'stalled');
    assert.equal((await ask(`${engine.url}/health`)).status, 200);
    await until('a canary was sent', async () => {
      const { json } = await ask(`${engine.url}/sim/stats`);
      return Number(json['requests']) > 2;
    });
    assert.equal(await stateOf(worker), 'stalled');

    await setFaults(engine.url, {});
    await until('it answers again', async () => (await generate(worker)).status === 200);
  });

  it('is found out also when each client leaves before the limit', async (t) => {
    const engine = await startEngine(t, { answerTokens: 10 });
    const worker = await startWorker(
      t,
      replicated({ urls: [engine.url], idleTimeoutMs: IDLE_LIMIT_MS }),
    );
    await until('it answers', async () => (await generate(worker)).status === 200);

    await setFaults(engine.url, { stall_at_token: 0 });
    await until('it counts as stalled', async () => {
      const leaving = AbortSignal.timeout(IDLE_LIMIT_MS / 2);
      await fetch(`${worker.url}/api/worker_generate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(BODY),
        signal: leaving,
      }).catch(() => undefined);
      return (await stateOf(worker)) === 'stalled';
    });
  });
});

describe('an engine whose requests fail in a row', () => {
  it('is passed over while another is ready', async (t) => {
    const bad = await startEngine(t, { answerTokens: 10 });
    const good = await startEngine(t, { answerTokens: 10 });
    const worker = await startWorker(t, replicated({ urls: [bad.url, good.url] }));
    await until('both answer', async () => {
      await generate(worker);
      return (await completedAt(bad)) > 0 && (await completedAt(good)) > 0;
    });
    await setFaults(bad.url, { die_at_token: 0 });
    const failedAt = async (): Promise<number> =>
      Number((await ask(`${bad.url}/sim/stats`)).json['failed']);
    await until('it failed three times', async () => {
      assert.equal((await generate(worker)).status, 200);
      return (await failedAt()) >= 3;
    });
    await setFaults(bad.url, {});
    const before = await completedAt(bad);
    await until('it is taken again', async () => {
      assert.equal((await generate(worker)).status, 200);
      return (await completedAt(bad)) > before + 1;
    });
  });

  it('that is the only one goes on to be asked, and is ready as before for who asks', async (t) => {
    const bad = await startEngine(t, { answerTokens: 10 });
    const worker = await startWorker(t, replicated({ urls: [bad.url] }));
    await until('it answers', async () => (await generate(worker)).status === 200);
    await setFaults(bad.url, { die_at_token: 0 });
    for (let i = 0; i < 5; i += 1) assert.equal((await generate(worker)).status, 502);
    assert.equal(await stateOf(worker), 'ready');
    await setFaults(bad.url, {});
    assert.equal((await generate(worker)).status, 200);
  });
});
