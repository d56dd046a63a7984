import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { removeFiles, writeFiles } from '../../src/compose/state-files.ts';

const files = [
  { path: 'docker-compose.yml', text: 'a' },
  { path: 'workers/m/worker.json', text: 'b' },
];

describe('the files of a stack', () => {
  let root = '';
  let directory = '';
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'llm-ops-state-'));
    directory = join(root, '.llm-ops', 'demo');
  });
  afterEach(() => rm(root, { recursive: true }));

  const modeOf = async (path: string) =>
    ((await stat(join(directory, path))).mode & 0o777).toString(8);

  it('can be read by another user in the containers, whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      await writeFiles(directory, files);
    } finally {
      process.umask(umask);
    }
    assert.equal(await readFile(join(directory, 'workers/m/worker.json'), 'utf8'), 'b');
    assert.equal(await modeOf('workers/m/worker.json'), '644');
    assert.equal(await modeOf('workers/m'), '755');
    assert.equal(await modeOf('workers'), '755');
    assert.equal(await modeOf('.'), '700');
  });

  it('are replaced whole, and only when they differ', async () => {
    await writeFiles(directory, files);
    const before = await stat(join(directory, 'docker-compose.yml'));
    const worker = await stat(join(directory, 'workers/m/worker.json'));
    await writeFiles(directory, [files[0]!, { ...files[1]!, text: 'c' }]);
    assert.equal((await stat(join(directory, 'docker-compose.yml'))).ino, before.ino);
    assert.notEqual((await stat(join(directory, 'workers/m/worker.json'))).ino, worker.ino);
    assert.deepEqual(await readdir(join(directory, 'workers/m')), ['worker.json']);
  });

  it('go when their service is gone, and nobody else’s go with them', async () => {
    await writeFiles(directory, [...files, { path: 'workers/gone/worker.json', text: 'c' }]);
    await writeFiles(directory, [{ path: 'workers/shared/worker.json', text: 'd' }]);
    await writeFile(join(directory, 'workers/shared/tokens.json'), '');
    await writeFile(join(directory, 'local.json'), '');
    await removeFiles(directory, { keep: files });
    assert.deepEqual((await readdir(directory)).sort(), [
      'docker-compose.yml',
      'local.json',
      'workers',
    ]);
    assert.deepEqual((await readdir(join(directory, 'workers'))).sort(), ['m', 'shared']);
    assert.deepEqual(await readdir(join(directory, 'workers/shared')), ['tokens.json']);
  });

  it('go with the directory when nothing else is in it, what engines were seen doing included', async () => {
    await writeFiles(directory, [...files, { path: 'workers/m/engines.json', text: '{}' }]);
    await removeFiles(directory, { keep: [] });
    assert.equal(existsSync(directory), false);
  });

  it('take drafts of a run that was cut off with them, and no other hidden file', async () => {
    await writeFiles(directory, files);
    const draft = `.docker-compose.yml.${crypto.randomUUID()}.draft`;
    await writeFile(join(directory, draft), '');
    await writeFile(join(directory, '.mine.draft'), '');
    await mkdir(join(directory, 'logs'));
    await removeFiles(directory, { keep: [] });
    assert.deepEqual((await readdir(directory)).sort(), ['.mine.draft', 'logs']);
  });
});
