import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { startFakeHub, type FakeHub } from '../fake-hub.ts';
import { createMachine, type Machine } from '../machine.ts';

const ID = 'org/model';
const COMMIT = 'c'.repeat(40);
const INDEX = JSON.stringify({
  weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
});

describe('locating in the hub’s cache', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = createMachine('http://127.0.0.1:1');
  });
  afterEach(() => machine.remove());

  /** As Python's snapshot_download leaves it: links to blobs, and nothing of ours. */
  const leave = (files: Readonly<Record<string, string>>): string => {
    const repository = machine.repository(ID);
    const snapshot = join(repository, 'snapshots', COMMIT);
    for (const [path, content] of Object.entries(files)) {
      const blob = join(repository, 'blobs', `blob-of-${path.replaceAll('/', '-')}`);
      mkdirSync(dirname(blob), { recursive: true });
      mkdirSync(dirname(join(snapshot, path)), { recursive: true });
      writeFileSync(blob, content);
      symlinkSync(blob, join(snapshot, path));
    }
    mkdirSync(join(repository, 'refs'), { recursive: true });
    writeFileSync(join(repository, 'refs/main'), COMMIT);
    return snapshot;
  };

  it('finds what Python’s tools fetched', async () => {
    const snapshot = leave({
      'config.json': '{}',
      'model.safetensors.index.json': INDEX,
      'model-00001-of-00002.safetensors': 'one',
      'model-00002-of-00002.safetensors': 'two',
      'onnx/model.onnx': 'no',
      'README.md': 'no',
    });
    assert.deepEqual(await machine.locate(ID, 'directory'), {
      path: snapshot,
      files: [
        'config.json',
        'model-00001-of-00002.safetensors',
        'model-00002-of-00002.safetensors',
        'model.safetensors.index.json',
      ].map((file) => join(snapshot, file)),
      bytes: 2 + 3 + 3 + INDEX.length,
    });
    assert.equal(await machine.locate(ID, 'gguf'), null);
    assert.equal(await machine.locate(`${ID}@v1`, 'directory'), null);
    assert.notEqual(await machine.locate(`${ID}@${COMMIT}`, 'directory'), null);
  });

  for (const [what, files] of Object.entries({
    'a shard that the index names': {
      'config.json': '{}',
      'model.safetensors.index.json': INDEX,
      'model-00001-of-00002.safetensors': 'one',
    },
    'the configuration': { 'model.safetensors': 'one' },
    'the weights': { 'config.json': '{}' },
  })) {
    it(`finds nothing where ${what} is missing`, async () => {
      leave(files);
      assert.equal(await machine.locate(ID, 'directory'), null);
    });
  }

  it('finds nothing where a link leads nowhere', async () => {
    const snapshot = leave({ 'x-00001-of-00002.gguf': 'one', 'x-00002-of-00002.gguf': 'two' });
    assert.equal((await machine.locate(ID))?.path, join(snapshot, 'x-00001-of-00002.gguf'));
    rmSync(join(machine.repository(ID), 'blobs/blob-of-x-00002-of-00002.gguf'));
    assert.equal(await machine.locate(ID), null);
  });
});

describe('locating what was pulled', () => {
  let hub: FakeHub;
  before(async () => {
    hub = await startFakeHub();
  });
  after(async () => hub.close());

  it('chooses among all files of the repository, as a pull does, not among those that are here', async () => {
    const machine = createMachine(hub.url);
    hub.push(ID, { 'x-Q4_K_M.gguf': 'better', 'x-Q8_0.gguf': 'other' });
    await machine.pull(`${ID}:Q8_0`);
    assert.equal(await machine.locate(ID), null);
    assert.notEqual(await machine.locate(`${ID}:q8_0`), null);
    machine.remove();
  });

  it('finds nothing of a directory while a file of it is missing', async () => {
    const machine = createMachine(hub.url);
    hub.push('org/whole', {
      'config.json': '{}',
      'model.safetensors': 'weights',
      'tokenizer.json': '{}',
    });
    const located = await machine.pull('org/whole', { form: 'directory' });
    assert.equal(located.path, dirname(located.files[0]!));
    assert.deepEqual(await machine.locate('org/whole', 'directory'), located);
    rmSync(join(located.path, 'tokenizer.json'));
    assert.equal(await machine.locate('org/whole', 'directory'), null);
    machine.remove();
  });
});
