import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { keepResults } from '../../../bench/report/results.ts';
import { checkReadme, updateReadme } from '../../../bench/report/update-readme.ts';
import { SAMPLE } from './sample-report.ts';

let results = '';
let file = '';
beforeEach(async () => {
  results = await mkdtemp(join(tmpdir(), 'llm-ops-bench-readme-'));
  file = join(results, 'README.md');
  await writeFile(file, '# Title\n\n<!-- bench:begin -->\n<!-- bench:end -->\n\nAfter.\n');
});
afterEach(() => rm(results, { recursive: true }));

describe('the README', () => {
  it('is checked against the run that is kept, and written from it', async () => {
    await keepResults(SAMPLE, results);

    await assert.rejects(checkReadme({ file, results }), { code: 'config_invalid' });
    await updateReadme({ file, results });
    await checkReadme({ file, results });

    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('912 µs', '911 µs'));
    await assert.rejects(checkReadme({ file, results }), { code: 'config_invalid' });
  });

  it('is out of step once another run is kept', async () => {
    await keepResults(SAMPLE, results);
    await updateReadme({ file, results });
    await keepResults({ ...SAMPLE, date: '2026-11-22' }, results);

    await assert.rejects(checkReadme({ file, results }), { code: 'config_invalid' });
  });

  it('is left alone while it is only checked', async () => {
    const before = await readFile(file, 'utf8');

    await assert.rejects(checkReadme({ file, results }));
    assert.equal(await readFile(file, 'utf8'), before);
  });

  it('says that no run is kept where none is', async () => {
    await updateReadme({ file, results });

    await checkReadme({ file, results });
    assert.match(await readFile(file, 'utf8'), /No run is kept yet/);
  });
});
