import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { PROGRESS_BELIEVED_MS } from '../../../src/config/worker-config.ts';
import { openEngineProgress } from '../../../src/worker/live/engine-progress.ts';
import { ask, oneService, startEngine, startWorker, until } from '../worker-harness.ts';

type Entries = Readonly<Record<string, { readonly text: string; readonly at_ms: number }>>;

async function tell(directory: string, content: Entries | string): Promise<void> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  await writeFile(join(directory, 'next-progress'), text);
  await rename(join(directory, 'next-progress'), join(directory, 'engines.json'));
}

async function scratch(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-progress-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('the progress of engines', () => {
  it('is believed as long as it is young, and never from the future', async (t) => {
    const directory = await scratch(t);
    let now = 1_000_000;
    const read = openEngineProgress(directory, () => now);
    await tell(directory, {
      young: { text: 'compiling', at_ms: now - PROGRESS_BELIEVED_MS + 1 },
      old: { text: 'loading', at_ms: now - PROGRESS_BELIEVED_MS },
      future: { text: 'loading', at_ms: now + 2 * PROGRESS_BELIEVED_MS },
    });

    assert.deepEqual(await read(), { young: 'compiling' });
    now += 1;
    assert.deepEqual(await read(), {}, 'also between two looks at the file');
  });

  const useless: readonly [what: string, content: string][] = [
    ['broken', '{"a": {"text": "x"'],
    ['of another shape', '{"a": "x"}'],
    ['huge', JSON.stringify({ a: { text: 'x'.repeat(100_000), at_ms: Date.now() } })],
  ];
  for (const [what, content] of useless)
    it(`is none when the file is ${what}`, async (t) => {
      const directory = await scratch(t);
      await tell(directory, content);

      assert.deepEqual(await openEngineProgress(directory)(), {});
    });

  it('is none without a file', async (t) => {
    assert.deepEqual(await openEngineProgress(await scratch(t))(), {});
  });

  it('is read once for all who ask within a fifth of a second, and again after it', async (t) => {
    const directory = await scratch(t);
    let now = 1_000_000;
    const read = openEngineProgress(directory, () => now);
    await tell(directory, { a: { text: 'first', at_ms: now } });
    assert.deepEqual(await read(), { a: 'first' });
    await tell(directory, { a: { text: 'second', at_ms: now } });

    now += 199;
    assert.deepEqual(await read(), { a: 'first' });
    now += 1;
    assert.deepEqual(await read(), { a: 'second' });
  });
});

describe('a worker whose engine loads', () => {
  it('says how far it is where it refuses, and in its status, until the engine is ready', async (t) => {
    const engine = await startEngine(t, { loadMs: 2_000 });
    const worker = await startWorker(t, oneService('m', engine.url));
    const phrase = 'loading the weights, 60 %';
    await tell(worker.options.configDirectory, {
      'm-engine-0': { text: phrase, at_ms: Date.now() },
      'another-engine-0': { text: 'compiling', at_ms: Date.now() },
    });
    const message = `m: the engine is loading its model: ${phrase}`;

    for (const [path, body] of [
      ['/api/worker_generate', { prompt: 'x' }],
      ['/model_details', undefined],
      ['/count_token', { prompt: 'x' }],
    ] as const) {
      const { status, json } = await ask(worker.url + path, { body });
      assert.deepEqual(
        [status, json['error_message'], json['progress'], json['state']],
        [503, message, { 'm-engine-0': phrase }, 'loading'],
        path,
      );
    }
    const status = (await ask(`${worker.url}/worker_status`)).json;
    assert.deepEqual([status['state'], status['progress']], ['loading', { 'm-engine-0': phrase }]);

    const details = () => ask(`${worker.url}/model_details`);
    await until('the engine is ready', async () => (await details()).status === 200);
    const ready = (await ask(`${worker.url}/worker_status`)).json;
    assert.deepEqual([ready['state'], ready['progress']], ['ready', undefined]);
  });

  it('says nothing of a replica that is ready, whatever is still written of it', async (t) => {
    const config = oneService('m', (await startEngine(t)).url);
    const [version] = config.services[0]?.versions ?? [];
    version?.replicas.push({
      id: 'm-engine-1',
      url: 'http://127.0.0.1:9',
      engine: 'sim',
      model: null,
    });
    const worker = await startWorker(t, config);
    const entry = { text: 'compiling', at_ms: Date.now() };
    await tell(worker.options.configDirectory, { 'm-engine-0': entry, 'm-engine-1': entry });
    const status = () => ask(`${worker.url}/worker_status`);

    await until('one is ready', async () => (await status()).json['state'] === 'ready');

    assert.deepEqual((await status()).json['progress'], { 'm-engine-1': 'compiling' });
  });

  it('that does not listen yet, or no more, is told as loading where its log says so', async (t) => {
    const engine = await startEngine(t);
    const worker = await startWorker(t, oneService('m', engine.url));
    const details = () => ask(`${worker.url}/model_details`);
    assert.equal((await details()).status, 200);
    await engine.close();
    assert.equal((await details()).json['state'], 'down');

    await tell(worker.options.configDirectory, {
      'm-engine-0': { text: 'compiling', at_ms: Date.now() },
    });

    await until('it is told', async () => (await details()).json['state'] === 'loading');
    const { status, json } = await details();
    const { code } = json['error'] as { code: string };
    assert.deepEqual(
      [status, code, json['replicas'], json['error_message']],
      [
        503,
        'engine_loading',
        { 'm-engine-0': 'loading' },
        'm: the engine is loading its model: compiling',
      ],
    );
  });
});
