import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Goal, Line } from '../../../bench/metrics/metric.ts';
import { judge } from '../../../bench/report/judge.ts';
import { sampleLine } from './sample-report.ts';

const verdict = (goals: readonly Goal[], changes: Partial<Line> = {}) => {
  const { goal, met } = judge(sampleLine({ ...changes, goals }));
  return [goal, met];
};

describe('a goal', () => {
  it('bounds the ratio to a peer from above or below, the bound itself included', () => {
    assert.deepEqual(verdict([{ of: 'nginx', most: 4 }]), ['≤ 4 × nginx', true]);
    assert.deepEqual(verdict([{ of: 'nginx', most: 3.999 }]), ['≤ 3.999 × nginx', false]);
    assert.deepEqual(verdict([{ of: 'nginx', least: 4 }]), ['≥ 4 × nginx', true]);
    assert.deepEqual(verdict([{ of: 'nginx', least: 4.001 }]), ['≥ 4.001 × nginx', false]);
  });

  it('bounds our own value in its unit', () => {
    const own = { unit: 'chunks/s', ours: 20_000 };

    assert.deepEqual(verdict([{ of: 'ours', least: 20_000 }], own), ['≥ 20000 chunks/s', true]);
    assert.deepEqual(verdict([{ of: 'ours', least: 20_001 }], own), ['≥ 20001 chunks/s', false]);
    assert.deepEqual(verdict([{ of: 'ours', most: 19_999 }], own), ['≤ 19999 chunks/s', false]);
  });

  it('of both bounds wants both', () => {
    const both = (least: number, most: number) => verdict([{ of: 'nginx', most, least }]);

    assert.deepEqual(both(3, 5), ['≤ 5 × nginx, ≥ 3 × nginx', true]);
    assert.equal(both(4.5, 5)[1], false);
    assert.equal(both(3, 3.5)[1], false);
  });

  it('is missed by a hair that the spread would cover', () => {
    const changes = { ratios: { nginx: 5.0001 }, spread: { nginx: [4.5, 5.5] } as const };

    assert.equal(verdict([{ of: 'nginx', most: 5 }], changes)[1], false);
  });

  it('is zero as well as any number', () => {
    const stalls = { unit: 'stalls', ours: 0 };

    assert.deepEqual(verdict([{ of: 'ours', most: 0 }], stalls), ['≤ 0 stalls', true]);
    assert.equal(verdict([{ of: 'ours', most: 0 }], { ours: 1 })[1], false);
  });
});

describe('a line', () => {
  it('meets its goal when it meets all of its goals', () => {
    const goals = [
      { of: 'nginx', most: 5 },
      { of: 'portkey', most: 0.125 },
    ];

    assert.deepEqual(verdict(goals), ['≤ 5 × nginx, ≤ 0.125 × portkey', true]);
    assert.equal(verdict(goals, { ratios: { nginx: 6, portkey: 0.1 } })[1], false);
    assert.equal(verdict(goals, { ratios: { nginx: 4, portkey: 0.2 } })[1], false);
  });

  it('is not judged when a peer was skipped, unless it misses another goal', () => {
    const goals = [
      { of: 'nginx', most: 5 },
      { of: 'portkey', most: 0.125 },
    ];

    assert.equal(verdict(goals, { ratios: { nginx: 4 } })[1], null);
    assert.equal(verdict(goals, { ratios: { nginx: 6 } })[1], false);
  });

  it('is not judged when nothing was measured', () => {
    const own = [{ of: 'ours', most: 90 }];

    assert.equal(verdict(own, { ours: null })[1], null);
    assert.equal(verdict(own, { ours: NaN })[1], null);
    assert.equal(verdict([{ of: 'nginx', most: 5 }], { ratios: { nginx: NaN } })[1], null);
    assert.equal(verdict([{ of: 'nginx', most: 5 }], { ratios: { nginx: Infinity } })[1], null);
  });

  it('without a goal is not judged', () => {
    assert.deepEqual(verdict([]), ['', null]);
  });
});
