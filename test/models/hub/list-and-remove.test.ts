import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { parseModelSource } from '../../../src/config/values/model-source.ts';
import { startFakeHub, type FakeHub } from '../fake-hub.ts';
import { contentOf, createMachine, type Machine } from '../machine.ts';

const ID = 'org/model';
const Q4 = contentOf(1000, 1);
const Q8 = contentOf(2000, 2);

describe('the models of the hub’s cache', () => {
  let hub: FakeHub;
  let machine: Machine;
  let commit = '';
  before(async () => {
    hub = await startFakeHub();
    commit = hub.push(ID, { 'x-Q4_K_M.gguf': Q4, 'x-Q8_0.gguf': Q8 });
    hub.push(ID, { 'x-Q4_K_M.gguf': Q4, 'sub/y-Q8_0.gguf': 'new' }, { branch: 'refs/pr/1' });
    hub.push('org/dir', { 'config.json': '{}', 'model.safetensors': Q8 });
  });
  beforeEach(() => {
    machine = createMachine(hub.url);
  });
  afterEach(() => machine.remove());
  after(async () => hub.close());

  const sources = async (): Promise<readonly string[]> =>
    (await machine.store().list()).map(({ source, isComplete, bytes }) =>
      [source, bytes, ...(isComplete ? [] : ['incomplete'])].join(' '),
    );
  const remove = async (source: string): Promise<number> =>
    machine.store().remove(parseModelSource(source, '/'));

  it('are none on a new machine', async () => {
    assert.deepEqual(await sources(), []);
  });

  it('are listed as one writes their source, each GGUF by itself', async () => {
    await machine.pull(`${ID}:Q4_K_M`);
    await machine.pull(`${ID}:Q8_0`);
    await machine.pull(`${ID}@refs/pr/1:Q8_0`);
    await machine.pull('org/dir', { form: 'directory' });
    const list = await machine.store().list();
    assert.deepEqual((await sources()).toSorted(), [
      'org/dir 2002',
      'org/model:x-Q4_K_M.gguf 1000',
      'org/model:x-Q8_0.gguf 2000',
      'org/model@refs/pr/1:sub/y-Q8_0.gguf 3',
    ]);
    const first = list.find(({ source }) => source === 'org/model:x-Q4_K_M.gguf');
    assert.equal(first?.revision, commit);
    assert.deepEqual(first.refs, ['main']);
    assert.match(first.modifiedAt, /^20\d\d-.*Z$/);
    for (const { source, path } of list) {
      const form = source === 'org/dir' ? 'directory' : 'gguf';
      assert.equal((await machine.locate(source, form))?.path, path);
    }
  });

  it('are listed when a pull of them was interrupted, and go with what they have', async () => {
    hub.fail('x-Q8_0.gguf', { cutAfterBytes: 500, times: 1 });
    const limits = { pausesMs: [] };
    await assert.rejects(machine.pull(`${ID}:Q8_0`, { limits }));
    assert.deepEqual(await sources(), [`${ID}@${commit}:x-Q8_0.gguf 500 incomplete`]);
    assert.ok((await remove(ID)) >= 500);
    assert.ok(!existsSync(machine.repository(ID)));
    assert.deepEqual(await sources(), []);
  });

  it('are not listed when nothing of them has come', async () => {
    hub.fail('x-Q8_0.gguf', { status: 500 });
    await assert.rejects(machine.pull(`${ID}:Q8_0`), { code: 'hub_failed' });
    hub.fail('x-Q8_0.gguf', null);
    assert.deepEqual(await sources(), []);
    await remove(ID);
    assert.ok(!existsSync(machine.repository(ID)));
  });

  it('are listed whatever else lies in the cache', async () => {
    await machine.pull(`${ID}:Q4_K_M`);
    const cache = join(machine.home, '.cache/huggingface/hub');
    writeFileSync(join(cache, 'models--a--file'), '');
    const snapshots = join(machine.repository(ID), 'snapshots');
    writeFileSync(join(snapshots, '.DS_Store'), '');
    symlinkSync('loop', join(snapshots, 'loop'));
    symlinkSync('loop', join(snapshots, commit, 'loop'));
    mkdirSync(join(machine.home, '.cache/llm-ops/wheels'), { recursive: true });
    writeFileSync(join(machine.home, '.cache/llm-ops/wheels/notes.txt'), '');
    assert.deepEqual(await sources(), [`${ID}:x-Q4_K_M.gguf 1000`]);
  });

  it('give back no bytes of a store elsewhere, which stays as it is', async () => {
    const { path } = await machine.pull(`${ID}:Q4_K_M`);
    await machine.pull(`${ID}:Q8_0`);
    const elsewhere = join(machine.home, 'store.gguf');
    renameSync(realpathSync(path), elsewhere);
    rmSync(path);
    symlinkSync(elsewhere, path);
    assert.equal(await remove(`${ID}:Q4_K_M`), 0);
    assert.ok(existsSync(elsewhere));
    assert.deepEqual(await sources(), [`${ID}:x-Q8_0.gguf 2000`]);
  });

  it('are listed without refs, and with files beside them that are no models', async () => {
    await machine.pull(`${ID}@${commit}`);
    writeFileSync(join(machine.home, '.cache/huggingface/hub/version.txt'), '1');
    mkdirSync(join(machine.home, '.cache/huggingface/hub/datasets--org--model'));
    mkdirSync(join(machine.home, '.cache/huggingface/hub/models--gpt2'));
    assert.deepEqual(await sources(), [`${ID}@${commit}:x-Q4_K_M.gguf 1000`]);
  });

  it('go one by one, and leave what others need', async () => {
    await machine.pull(`${ID}:Q4_K_M`);
    await machine.pull(`${ID}:Q8_0`);
    await machine.pull(`${ID}@refs/pr/1:Q4_K_M`);
    assert.equal(await remove(`${ID}:x-Q8_0.gguf`), 2000);
    assert.deepEqual((await sources()).toSorted(), [
      `${ID}:x-Q4_K_M.gguf 1000`,
      `${ID}@refs/pr/1:x-Q4_K_M.gguf 1000`,
    ]);
    // The other revision has the same file.
    assert.equal(await remove(`${ID}@main`), 0);
    assert.deepEqual(await sources(), [`${ID}@refs/pr/1:x-Q4_K_M.gguf 1000`]);
    assert.deepEqual(readdirSync(join(machine.repository(ID), 'snapshots')).length, 1);
    assert.ok(!existsSync(join(machine.repository(ID), 'refs/main')));
    assert.notEqual(await machine.locate(`${ID}@refs/pr/1:Q4_K_M`), null);
    await remove(ID);
    assert.ok(!existsSync(machine.repository(ID)));
  });

  it('cannot go when they are not here', async () => {
    await assert.rejects(remove(ID), { code: 'model_not_here' });
    await machine.pull(`${ID}:Q4_K_M`);
    for (const source of [`${ID}:x-Q8_0.gguf`, `${ID}:Q8_0`, `${ID}@v1`, 'org/other'])
      await assert.rejects(remove(source), { code: 'model_not_here' }, source);
    assert.deepEqual(await sources(), [`${ID}:x-Q4_K_M.gguf 1000`]);
    await assert.rejects(remove('/a/path'), { code: 'model_not_here' });
  });
});
