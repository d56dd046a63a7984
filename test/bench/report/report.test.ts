import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { printRounds } from '../../../bench/report/report.ts';
import { SAMPLE, sampleLine } from './sample-report.ts';

describe('a report', () => {
  it('brings lines into their families, in one order whatever was measured first', () => {
    assert.deepEqual(
      SAMPLE.families.map(({ family, lines }) => [family, lines.map(({ id }) => id)]),
      [
        ['requests', ['P1']],
        ['latency', ['P3', 'P4']],
        ['chunks', ['P5', 'P5-converted', 'P6']],
        ['memory', ['P13', 'P13-stream']],
      ],
    );
  });

  it('has the date of UTC, the versions of what was found and the reasons of what was not', () => {
    assert.equal(SAMPLE.date, '2026-11-21');
    assert.deepEqual(SAMPLE.versions, { ours: '0.1.0', nginx: '1.22.1', portkey: '1.15.2' });
    assert.deepEqual(SAMPLE.skipped, { fastchat: 'Python has no package fschat' });
  });
});

describe('rounds', () => {
  it('are told once for all lines that share them, thrown away ones with their reasons', () => {
    const thrownAway = { 'merged chunks': 2, errors: 0, 'busy machine': 1 };
    const lines = [
      sampleLine(),
      sampleLine({ id: 'P2', rounds: { kept: 4, thrownAway } }),
      sampleLine({ id: 'P3' }),
    ];

    assert.deepEqual(printRounds(lines), [
      'P1, P3: 5 kept',
      'P2: 4 kept, 3 thrown away (merged chunks 2, busy machine 1)',
    ]);
  });
});
