import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { EngineProgressFile } from '../../src/config/worker-config.ts';
import { writeProgress } from '../../src/compose/progress-files.ts';
import { writeFiles } from '../../src/compose/state-files.ts';
import { engineOf, planOf, serviceOf } from './sample-plan.ts';

const plan = planOf([serviceOf('a', [engineOf(), engineOf()]), serviceOf('b')]);
const workers = ['a', 'b', '_gateway'];

async function rendered(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-progress-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const files = workers.map((name) => ({ path: `workers/${name}/worker.json`, text: '{}' }));
  await writeFiles(directory, files);
  return directory;
}

async function told(directory: string, worker: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(directory, 'workers', worker, 'engines.json'), 'utf8');
  const entries = Object.entries(EngineProgressFile.parse(JSON.parse(text)));
  for (const [, { at_ms: at }] of entries) assert.ok(Math.abs(Date.now() - at) < 60_000);
  return Object.fromEntries(entries.map(([id, entry]) => [id, entry.text]));
}

const phrases = new Map([
  ['a-engine-1', 'compiling'],
  ['b-engine-0', 'loading the weights, 60 %'],
]);

describe('what engines are seen doing', () => {
  it('lies beside the configuration of each worker that it concerns, and of the gateway', async (t) => {
    const directory = await rendered(t);

    await writeProgress(directory, plan, phrases);

    assert.deepEqual(await told(directory, 'a'), { 'a-engine-1': 'compiling' });
    assert.deepEqual(await told(directory, 'b'), { 'b-engine-0': 'loading the weights, 60 %' });
    assert.deepEqual(await told(directory, '_gateway'), Object.fromEntries(phrases));
    const { mode } = await stat(join(directory, 'workers/a/engines.json'));
    assert.equal((mode & 0o777).toString(8), '644', 'the container reads it as another user');
  });

  it('goes when there is nothing to say, and no draft stays', async (t) => {
    const directory = await rendered(t);
    await writeProgress(directory, plan, phrases);

    await writeProgress(directory, plan, new Map([['b-engine-0', 'warming up']]));
    assert.deepEqual(await readdir(join(directory, 'workers/a')), ['worker.json']);
    await writeProgress(directory, plan, new Map());

    for (const worker of workers)
      assert.deepEqual(await readdir(join(directory, 'workers', worker)), ['worker.json']);
  });

  it('does not bring back a stack that was taken down meanwhile', async (t) => {
    const directory = await rendered(t);
    await rm(directory, { recursive: true });

    await writeProgress(directory, plan, phrases);

    assert.equal(existsSync(directory), false);
  });
});
