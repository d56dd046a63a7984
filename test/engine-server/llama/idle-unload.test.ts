import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { createIdleUnload } from '../../../src/engine-server/llama/idle-unload.ts';

type Thing = { readonly number: number; close(): Promise<void> };

type SetUp = {
  readonly idleMs?: number;
  /** Hold each opening, and each closing, up. */
  readonly loading?: Promise<unknown>;
  readonly closing?: Promise<unknown>;
};

/** Something whose openings and closings are written down. */
function setUp(t: TestContext, { idleMs, loading, closing }: SetUp = {}) {
  const log: string[] = [];
  let number = 0;
  let failure: Error | null = null;
  const unloaded = Promise.withResolvers<undefined>();
  const thing = createIdleUnload<Thing>({
    idleMs: idleMs ?? null,
    onUnload: () => unloaded.resolve(undefined),
    async open(signal) {
      number += 1;
      const mine = number;
      log.push(`open ${mine}`);
      await loading;
      signal.throwIfAborted();
      if (failure !== null) throw failure;
      const close = async () => {
        log.push(`close ${mine}`);
        await closing;
        log.push(`closed ${mine}`);
      };
      return { number: mine, close };
    },
  });
  t.after(() => thing.close());
  const fail = (error: Error | null) => (failure = error);
  return { thing, log, unloaded: unloaded.promise, fail };
}

const { signal } = new AbortController();

describe('what is unloaded when idle', () => {
  it('is loaded once for all who ask at the same time', async (t) => {
    const { thing, log } = setUp(t);
    const [a, b] = await Promise.all([thing.acquire(signal), thing.acquire(signal)]);
    assert.equal(a, b);
    assert.deepEqual(log, ['open 1']);
  });

  it('stays for ever where it is to stay', async (t) => {
    const { thing, log } = setUp(t);
    await thing.acquire(signal);
    thing.release();
    await sleep(20);
    await thing.acquire(signal);
    assert.deepEqual(log, ['open 1']);
  });

  it('goes when nobody has used it for so long, and is loaded again', async (t) => {
    const { thing, log, unloaded } = setUp(t, { idleMs: 10 });
    await thing.acquire(signal);
    thing.release();
    await unloaded;
    assert.deepEqual(log, ['open 1', 'close 1', 'closed 1']);
    assert.equal((await thing.acquire(signal)).number, 2);
  });

  it('stays while one user is left', async (t) => {
    const { thing, log } = setUp(t, { idleMs: 1 });
    await thing.acquire(signal);
    await thing.acquire(signal);
    thing.release();
    await sleep(30);
    assert.deepEqual(log, ['open 1']);
  });

  it('is never there twice: a loading waits until the last one has gone', async (t) => {
    const { promise: closing, resolve } = Promise.withResolvers<undefined>();
    const { thing, log } = setUp(t, { idleMs: 1, closing });
    await thing.acquire(signal);
    thing.release();
    while (!log.includes('close 1')) await sleep(1);
    const next = thing.acquire(signal);
    await sleep(5);
    resolve(undefined);
    assert.equal((await next).number, 2);
    assert.deepEqual(log, ['open 1', 'close 1', 'closed 1', 'open 2']);
  });

  it('fails for those who wait, and is tried again for the next', async (t) => {
    const { thing, log, fail } = setUp(t);
    fail(new Error('no memory'));
    await assert.rejects(thing.acquire(signal), /no memory/);
    fail(null);
    assert.equal((await thing.acquire(signal)).number, 2);
    assert.deepEqual(log, ['open 1', 'open 2']);
  });

  it('lets one leave while it loads, and loads on for the others', async (t) => {
    const { promise: loading, resolve } = Promise.withResolvers<undefined>();
    const { thing, log } = setUp(t, { loading: loading });
    const leaving = new AbortController();
    const left = thing.acquire(leaving.signal);
    const stayed = thing.acquire(signal);
    leaving.abort();
    await assert.rejects(left, { name: 'AbortError' });
    resolve(undefined);
    assert.equal((await stayed).number, 1);
    assert.deepEqual(log, ['open 1']);
  });

  it('goes at the end, also in the middle of its loading', async (t) => {
    const loaded = setUp(t);
    await loaded.thing.acquire(signal);
    loaded.thing.release();
    await loaded.thing.close();
    assert.deepEqual(loaded.log, ['open 1', 'close 1', 'closed 1']);

    const { promise: loading, resolve } = Promise.withResolvers<undefined>();
    const { thing, log } = setUp(t, { loading: loading });
    const asked = assert.rejects(thing.acquire(signal), { name: 'AbortError' });
    const closed = thing.close();
    resolve(undefined);
    await Promise.all([asked, closed]);
    assert.deepEqual(log, ['open 1']);
  });
});
