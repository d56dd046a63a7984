import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';

import { buildReport } from '../../../bench/report/report.ts';
import { paintOn, printReport, type Paint } from '../../../bench/report/table.ts';
import { SAMPLE, SAMPLE_FINDINGS, sampleLine } from './sample-report.ts';

const GOLDEN = join(import.meta.dirname, 'table.golden.txt');

describe('the table', () => {
  it('is as it was', async () => {
    const printed = printReport(SAMPLE);

    if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(GOLDEN, printed);
    assert.equal(printed, await readFile(GOLDEN, 'utf8'));
  });

  it('is at most 100 columns wide, whatever the names are', () => {
    const long = 'a name that goes on '.repeat(12);
    const word = 'x'.repeat(250);
    const lines = [
      sampleLine({
        id: `P1-${'long'.repeat(10)}`,
        name: long,
        unit: 'chunks of a stream/s',
        peers: { [long]: 1, [word]: 123_456_789 },
        ratios: { [long]: 2, [word]: 0.000_123 },
        goals: [
          { of: long, most: 12_345.6789, least: 0.000_012_345 },
          { of: 'ours', most: 123_456_789.123 },
        ],
        rounds: { kept: 1, thrownAway: { [long]: 3 } },
        notes: [long, word],
      }),
    ];
    const targets = { found: new Map(), missing: new Map([['portkey' as const, long]]) };
    const measured = [{ metric: { family: 'chunks' as const }, lines }];
    const printed = printReport(buildReport({ ...SAMPLE_FINDINGS, measured, targets }));

    for (const row of printed.split('\n')) assert.ok(row.length <= 100, row);
    // Notes are broken, not cut.
    const notes = printed.slice(printed.indexOf('\nNotes\n')).replace(/\s/g, '');
    assert.ok(notes.includes(word) && notes.includes(long.replace(/\s/g, '')));
  });

  it('shows each missed bound, and those that nobody could judge', () => {
    const lines = [sampleLine({ peers: { nginx: 10 }, ratios: { nginx: 10 } })];
    const printed = printReport(
      buildReport({ ...SAMPLE_FINDINGS, measured: [{ metric: { family: 'requests' }, lines }] }),
    );

    assert.match(printed, /^✗ P1 /m);
    assert.match(printed, /^ {4}nginx .* ≤ 5 × +✗$/m);
    assert.match(printed, /^ {4}portkey +– .* ≤ 0.125 × +–$/m);
    assert.match(printed, /^0 of 1 goals met; missed: P1$/m);
  });

  it('says so when it was a quick run', () => {
    assert.match(printReport({ ...SAMPLE, isQuick: true }), /^This was a quick run: /m);
  });

  it('tells of lines that could not be measured at all, though they have no goal', () => {
    const lines = [sampleLine(), sampleLine({ id: 'P9', ours: null, goals: [] })];
    const printed = printReport(
      buildReport({ ...SAMPLE_FINDINGS, measured: [{ metric: { family: 'requests' }, lines }] }),
    );

    assert.match(printed, /^1 of 1 goals met; not judged: P9$/m);
    // No goal, no mark.
    assert.match(printed, /^ {2}P9 {2}/m);
  });

  it('says so when nothing was measured', () => {
    assert.match(printReport({ ...SAMPLE, families: [] }), /^0 of 0 goals met$/m);
  });

  it('has no colour where nobody sees it', () => {
    assert.equal(printReport(SAMPLE, paintOn(new PassThrough())), printReport(SAMPLE));
  });

  it('has the same text with colours, and a missed goal in red', () => {
    const paint: Paint = (style, text) => `<${style}>${text}</${style}>`;
    const painted = printReport(SAMPLE, paint);

    assert.match(painted, /^<red>✗<\/red> P3 /m);
    assert.equal(painted.replace(/<\/?(bold|dim|green|red)>/g, ''), printReport(SAMPLE));
  });
});
