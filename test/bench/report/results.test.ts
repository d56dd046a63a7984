import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, afterEach, describe, it } from 'node:test';

import { check } from 'prettier';

import { judge } from '../../../bench/report/judge.ts';
import { keepResults, readResults } from '../../../bench/report/results.ts';
import { toResults } from '../../../bench/report/results/schema.ts';
import { SAMPLE, sampleLine } from './sample-report.ts';

let directory = '';
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'llm-ops-bench-results-'))));
afterEach(() => rm(directory, { recursive: true }));

describe('a run that is kept', () => {
  it('lies in a directory of its date: lines, plots, page', async () => {
    const own = await keepResults(SAMPLE, directory);

    assert.equal(own, join(directory, '2026-11-21'));
    assert.deepEqual((await readdir(own)).sort(), [
      'chunks.svg',
      'latency.svg',
      'memory.svg',
      'requests.svg',
      'results.json',
      'table.md',
    ]);
  });

  it('is read as it was written', async () => {
    await keepResults(SAMPLE, directory);

    assert.deepEqual(await readResults(directory), toResults(SAMPLE));
  });

  it('has files that the formatter leaves as they are', async () => {
    const own = await keepResults(SAMPLE, directory);

    for (const name of ['results.json', 'table.md']) {
      const file = join(own, name);
      assert.ok(await check(await readFile(file, 'utf8'), { filepath: file }), name);
    }
  });

  it('has a page that shows each family, machine and versions', async () => {
    const own = await keepResults(SAMPLE, directory);
    const page = await readFile(join(own, 'table.md'), 'utf8');

    assert.match(page, /^!\[Requests\]\(requests\.svg\)$/m);
    assert.match(page, /Abacus 2000, 2 cores, 3\.9 GiB, KVM, Linux 6\.1\.0/);
    assert.match(page, /ours 0\.1\.0 \(0123456789ab\), nginx 1\.22\.1/);
    assert.match(page, /Skipped: fastchat: Python has no package fschat/);
    assert.match(page, /P3: 4 kept, 3 thrown away \(busy machine 2, errors 1\)/);
    assert.match(
      page,
      /\| P1 .*\| 100 µs \(96 … 104\) .*\| 4 × nginx \(3\.9 … 4\.1\), 0\.1 × portkey/,
    );
  });

  it('names no host and no path', async () => {
    const skipped = {
      nginx: '/home/somebody/.cache/bench cannot be written: EACCES',
      portkey: 'npm cannot fetch it: npm error network getaddrinfo ENOTFOUND registry.example.org',
    };
    const line = judge(
      sampleLine({ notes: ['at 2 tokens/s, from http://127.0.0.1:80/v1', 'in (/tmp/a/b).'] }),
    );
    const families = [{ family: 'requests' as const, lines: [line] }];
    await keepResults({ ...SAMPLE, skipped, families }, directory);

    const { skipped: told, families: kept } = (await readResults(directory))!;
    assert.deepEqual(told, {
      nginx: '… cannot be written',
      portkey: 'npm cannot fetch it',
    });
    assert.deepEqual(kept[0]?.lines[0]?.notes, ['at 2 tokens/s, from …', 'in (…).']);
  });

  it('takes the place of older ones', async () => {
    await keepResults({ ...SAMPLE, date: '2026-10-01' }, directory);
    await keepResults(SAMPLE, directory);

    assert.deepEqual(await readdir(directory), ['2026-11-21']);
  });

  it('takes the place of one of the same day, whose plots go', async () => {
    await keepResults(SAMPLE, directory);
    const own = await keepResults({ ...SAMPLE, families: SAMPLE.families.slice(0, 1) }, directory);

    assert.deepEqual((await readdir(own)).sort(), ['requests.svg', 'results.json', 'table.md']);
  });

  it('leaves alone what is not ours', async () => {
    const foreign = ['2026-01-01', 'notes', '2026-02-02'];
    for (const name of foreign) await mkdir(join(directory, name));
    await writeFile(join(directory, '2026-01-01/results.json'), '{"date": "somebody’s"}');
    await writeFile(join(directory, '2026-02-02/results.json'), 'no JSON');
    await writeFile(join(directory, 'notes/results.json'), '{"date":"2026-01-01","families":[]}');
    await writeFile(join(directory, 'README.md'), '');
    await keepResults({ ...SAMPLE, date: '2026-03-03' }, directory);
    await symlink('2026-03-03', join(directory, '2026-03-04'));
    await writeFile(join(directory, '2026-03-03/mine.txt'), 'a note');
    await keepResults(SAMPLE, directory);

    assert.deepEqual((await readdir(directory)).sort(), [
      '2026-01-01',
      '2026-02-02',
      '2026-03-03',
      '2026-03-04',
      '2026-11-21',
      'README.md',
      'notes',
    ]);
    assert.deepEqual(await readdir(join(directory, '2026-03-03')), ['mine.txt']);
    assert.deepEqual(await readdir(join(directory, 'notes')), ['results.json']);
  });

  it('is told from none, and from one that cannot be read', async () => {
    assert.equal(await readResults(join(directory, 'none')), null);

    await mkdir(join(directory, '2026-11-21'));
    const outline = { date: '2026-11-21', families: [{ family: 'speed', lines: [] }] };
    await writeFile(join(directory, '2026-11-21/results.json'), JSON.stringify(outline));
    await assert.rejects(readResults(directory), { code: 'config_invalid' });
  });
});
