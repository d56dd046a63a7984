import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addCounts } from '../../../../src/worker/metrics/processes/counts.ts';
import type { CountedMetric } from '../../../../src/worker/metrics/processes/counts.ts';

function counter(values: readonly [labels: Record<string, string>, value: number][]) {
  const metric = { name: 'x_total', help: 'X.', type: 'counter', aggregator: 'sum' };
  return {
    ...metric,
    values: values.map(([labels, value]) => ({ metricName: 'x_total', labels, value })),
  };
}

describe('what servers counted that are gone', () => {
  it('is one list, however many they were', () => {
    let all: readonly CountedMetric[] = [];
    for (let death = 0; death < 1_000; death += 1)
      all = addCounts(all, [counter([[{ service: 'a', version: `v${death % 2}` }, 3]])]);

    assert.equal(all.length, 1);
    assert.deepEqual(
      all[0]?.values.map(({ labels, value }) => [labels['version'], value]),
      [
        ['v0', 1_500],
        ['v1', 1_500],
      ],
    );
  });

  it('keeps apart what differs in a label or in its part of a histogram, whatever the order of labels', () => {
    const bucket = (le: string, labels: Record<string, string>) => ({
      metricName: 'y_bucket',
      labels: { le, ...labels },
      value: 1,
    });
    const histogram = (values: CountedMetric['values']): CountedMetric => ({
      ...{ name: 'y', help: 'Y.', type: 'histogram', aggregator: 'sum', values },
    });

    const sum = addCounts(
      [histogram([bucket('1', { a: 'x', b: 'y' }), bucket('+Inf', { a: 'x', b: 'y' })])],
      [histogram([bucket('1', { b: 'y', a: 'x' }), bucket('1', { a: 'z', b: 'y' })])],
    );

    assert.deepEqual(
      sum[0]?.values.map(({ labels, value }) => [labels['le'], labels['a'], value]),
      [
        ['1', 'x', 2],
        ['+Inf', 'x', 1],
        ['1', 'z', 1],
      ],
    );
  });
});
