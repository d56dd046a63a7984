import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareRuns } from '../../../bench/report/compare.ts';
import { buildReport } from '../../../bench/report/report.ts';
import { toResults } from '../../../bench/report/results/schema.ts';
import { SAMPLE_FINDINGS, sampleLine } from './sample-report.ts';

/** Of one line that should be little beside nginx, and one that should be much by itself. */
function run(ratio: number, perSecond: number, tolerance?: number) {
  const little = sampleLine({ ratios: { nginx: ratio }, goals: [{ of: 'nginx', most: 5 }] });
  const much = sampleLine({
    ...{ id: 'P6', name: 'capacity', unit: 'chunks/s', ours: perSecond },
    goals: [{ of: 'ours', least: 20_000, ...(tolerance === undefined ? {} : { tolerance }) }],
  });
  const measured = [{ metric: { family: 'chunks' as const }, lines: [little, much] }];
  return buildReport({ ...SAMPLE_FINDINGS, measured });
}

describe('a run beside the one that is kept', () => {
  const kept = toResults(run(4, 30_000));

  it('is not worse where it differs by less than two runs of the same code, or is better', () => {
    for (const [ratio, perSecond] of [
      [4, 30_000],
      [4.59, 23_200],
      [1, 90_000],
    ] as const)
      assert.deepEqual(compareRuns(run(ratio, perSecond), kept), []);
  });

  it('is worse where there is more of what should be little, and less of what should be much', () => {
    assert.deepEqual(compareRuns(run(4.7, 30_000), kept), [
      'P1 CPU per plain request: 4.7 × nginx, it was 4',
    ]);
    assert.deepEqual(compareRuns(run(4, 23_000), kept), [
      'P6 capacity: 23000 chunks/s, it was 30000',
    ]);
  });

  it('knows a goal whose value differs more or less from run to run', () => {
    assert.deepEqual(compareRuns(run(4, 10_100, 3), kept), []);
    assert.equal(compareRuns(run(4, 9_900, 3), kept).length, 1);
    assert.equal(compareRuns(run(4, 28_000, 1.05), kept).length, 1);
  });

  it('says nothing of what only one of them has', () => {
    assert.deepEqual(compareRuns(run(9, 1), { ...kept, families: [] }), []);
    assert.deepEqual(compareRuns(run(NaN, 30_000), kept), []);
  });
});
