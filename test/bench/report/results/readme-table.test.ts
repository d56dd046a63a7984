import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { check } from 'prettier';

import { putIntoReadme } from '../../../../bench/report/results/readme-table.ts';
import { toResults } from '../../../../bench/report/results/schema.ts';
import { SAMPLE } from '../sample-report.ts';

const RESULTS = toResults(SAMPLE);
const BEFORE = '# Title \r\n\n\n|a|  trailing   \n\t<!-- bench:begin -->';
const AFTER = '<!-- bench:end -->after\n*  no newline at the end';

const put = (readme: string, results: typeof RESULTS | null = RESULTS) =>
  putIntoReadme(readme, results, 'README.md');

describe('the table of the README', () => {
  it('leaves what is outside the markers byte for byte', async () => {
    const written = await put(`${BEFORE}\nold\n${AFTER}`);

    assert.ok(written.startsWith(`${BEFORE}\n\n|`));
    assert.ok(written.endsWith(`\n\n${AFTER}`));
    assert.doesNotMatch(written, /old/);
  });

  it('is written once: writing it again changes nothing', async () => {
    const written = await put(`${BEFORE}${AFTER}`);

    assert.equal(await put(written), written);
  });

  it('changes with a figure, so that a check can tell', async () => {
    const [first, ...families] = RESULTS.families;
    const [line, ...lines] = first!.lines;
    const other = {
      ...RESULTS,
      families: [{ ...first!, lines: [{ ...line!, ours: 101 }, ...lines] }, ...families],
    };

    assert.notEqual(await put(`${BEFORE}${AFTER}`, other), await put(`${BEFORE}${AFTER}`));
  });

  it('says the figures, the machine, the versions and where there is more', async () => {
    const written = await put(`${BEFORE}${AFTER}`);

    const cells = written.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
    const head = ['', 'metric', 'ours', 'nginx', 'portkey', 'ratio', 'goal', 'met', ''];
    assert.ok(cells.some((row) => row.join('|') === head.join('|')));
    const p1 = cells.find((row) => row[1] === 'CPU per plain request');
    assert.deepEqual(p1, [
      '',
      'CPU per plain request',
      '100 µs',
      '25 µs',
      '1000 µs',
      '4 × nginx, 0.1 × portkey',
      '≤ 5 × nginx, ≤ 0.125 × portkey',
      '✓',
      '',
    ]);
    assert.match(written, /Run of 2026-11-21 on Abacus 2000/);
    assert.match(written, /nginx 1\.22\.1, portkey 1\.15\.2, Node 24\.0\.0/);
    assert.match(written, /\]\(bench\/results\/2026-11-21\/table\.md\)/);
  });

  it('says that it is of a quick run, or that there is none', async () => {
    assert.match(await put(`${BEFORE}${AFTER}`, { ...RESULTS, isQuick: true }), /A quick run of/);
    assert.match(await put(`${BEFORE}${AFTER}`, null), /No run is kept yet/);
  });

  it('is as the formatter wants it', async () => {
    const readme = '# Title\n\n<!-- bench:begin -->\n<!-- bench:end -->\n\nAfter.\n';

    assert.ok(await check(await put(readme), { filepath: 'README.md', printWidth: 100 }));
    assert.ok(await check(await put(readme, null), { filepath: 'README.md', printWidth: 100 }));
  });

  it('is refused where the markers are missing, twice there, or the wrong way round', async () => {
    const [begin, end] = ['<!-- bench:begin -->', '<!-- bench:end -->'];
    for (const readme of [
      '',
      begin,
      end,
      `${end}${begin}`,
      `${begin}${begin}${end}`,
      `${begin}${end}${end}`,
    ]) {
      await assert.rejects(put(readme), { code: 'usage' });
    }
  });
});
