import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { followConfig, loadWorkerConfig } from '../../../src/worker/live/follow-config.ts';
import { loadTokens } from '../../../src/worker/auth/tokens-file.ts';
import { findGrant } from '../../../src/worker/auth/token-set.ts';
import { ask, oneService, startEngine, until } from '../worker-harness.ts';
import { bearer, emptyDirectory, entry, put, startGuarded, tokensFile } from './tokens-harness.ts';
import type { GuardedWorker } from './tokens-harness.ts';

async function statusFor(worker: GuardedWorker, token: string | null): Promise<number> {
  const headers = token === null ? {} : bearer(token);
  return (await ask(`${worker.url}/worker_status`, { headers })).status;
}

describe('tokens that change while the worker runs', () => {
  it('come and go without a failed request of the others', async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), [entry('stays')]);
    const statuses = new Map<number, number>();
    let isOver = false;
    const client = async (): Promise<void> => {
      while (!isOver) {
        const { status } = await ask(`${worker.url}/worker_generate`, {
          body: { prompt: 'Hi', max_new_tokens: 2 },
          headers: bearer('stays'),
        });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 4 }, client);

    for (let round = 0; round < 25; round += 1) {
      const guest = `guest-${String(round)}`;
      await worker.configure(entry('stays'), entry(guest));
      await until('the guest is let in', async () => (await statusFor(worker, guest)) === 200);
      await worker.configure(entry('stays'));
      await until('the guest is out', async () => (await statusFor(worker, guest)) === 401);
    }
    isOver = true;
    await Promise.all(clients);

    assert.deepEqual([...statuses.keys()], [200]);
  });

  it('let a stream that is under way go on when its token is revoked', async (t) => {
    const engine = await startEngine(t, { itlMs: 20 });
    const worker = await startGuarded(t, oneService('m', engine.url), [entry('guest')]);
    let isRevoking = false;
    let isRevoked = false;
    let dataSince = 0;

    await ask(`${worker.url}/api/worker_generate_stream`, {
      body: { prompt: 'Hi', max_new_tokens: 2_000 },
      headers: bearer('guest'),
      onData: (_data, leave) => {
        if (isRevoked) dataSince += 1;
        if (dataSince > 2) leave();
        if (isRevoking) return;
        isRevoking = true;
        void worker
          .configure()
          .then(() =>
            until('the guest is out', async () => (await statusFor(worker, 'guest')) === 401),
          )
          .then(() => (isRevoked = true));
      },
    });

    assert.ok(dataSince > 2);
    assert.equal(await statusFor(worker, 'guest'), 401);
  });

  it('are asked for as soon as the file comes, and again no more only when it says so', async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), null);
    assert.equal(await statusFor(worker, null), 200);

    await worker.configure(entry('one'));
    await until('it is closed', async () => (await statusFor(worker, null)) === 401);
    assert.equal(await statusFor(worker, 'one'), 200);

    await worker.configure();
    await until('nobody is let in', async () => (await statusFor(worker, 'one')) === 401);
  });

  it('stay as they were while the file is broken or gone, until a new one comes', async (t) => {
    const directory = await emptyDirectory(t);
    await put(directory, 'worker.json', JSON.stringify(oneService('m', 'http://127.0.0.1:9')));
    await put(directory, 'tokens.json', tokensFile(entry('one')));
    const errors: unknown[] = [];
    const { text } = await loadWorkerConfig(directory);
    const counts: number[] = [];
    const { tokens, followed } = await loadTokens(directory, (count) => counts.push(count));
    t.after(
      followConfig({
        directory,
        text,
        onChange: () => undefined,
        onError: (error) => errors.push(error),
        beside: [followed],
      }),
    );
    const isKnown = (token: string): boolean =>
      tokens.set !== null && findGrant(tokens.set, token) !== null;

    await put(directory, 'tokens.json', '{"tokens": [');
    await until('it is told', () => errors.length === 1);
    assert.match(String(errors[0]), /tokens.json is not JSON/);
    assert.ok(isKnown('one'));

    await rm(join(directory, 'tokens.json'));
    await until('it is told', () => errors.length === 2);
    assert.match(String(errors[1]), /tokens.json is gone/);
    assert.ok(isKnown('one'));
    assert.deepEqual(counts, []);

    await put(directory, 'tokens.json', tokensFile(entry('two'), entry('three')));
    await until('they are taken over', () => counts.length === 1);
    assert.deepEqual([isKnown('one'), isKnown('two'), isKnown('three')], [false, true, true]);
    assert.equal(errors.length, 2);
  });

  it('stay asked for by a running worker whose file is gone', async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), [entry('one')]);
    await rm(join(worker.directory, 'tokens.json'));
    // A configuration that was taken over is the sign that the worker has looked since.
    await put(worker.directory, 'worker.json', JSON.stringify(oneService('n', engine.url)));
    const names = async (): Promise<unknown> =>
      (await ask(`${worker.url}/worker_status`, { headers: bearer('one') })).json['model_names'];
    await until('it has looked', async () => String(await names()) === 'n');
    await put(worker.directory, 'worker.json', JSON.stringify(oneService('o', engine.url)));
    await until('it has looked again', async () => String(await names()) === 'o');

    assert.equal(await statusFor(worker, null), 401);
    assert.equal(await statusFor(worker, 'one'), 200);
  });

  it('that come broken to an open worker close it to all, until they can be used', async (t) => {
    const engine = await startEngine(t);
    const worker = await startGuarded(t, oneService('m', engine.url), null);
    const status = async (token: string): Promise<number> =>
      (await ask(`${worker.url}/worker_status`, { headers: bearer(token) })).status;
    assert.equal(await status('any'), 200);

    await put(worker.directory, 'tokens.json', '{"tokens": [');
    await until('it is closed', async () => (await status('any')) === 401);
    await worker.configure(entry('right'));

    await until('it is open to the right one', async () => (await status('right')) === 200);
    assert.equal(await status('any'), 401);
  });
});
