import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Histogram, Registry } from 'prom-client';
import { BucketHistogram } from '../../../src/worker/metrics/bucket-histogram.ts';
import { readMetrics } from './read-metrics.ts';

const BUCKETS = [0.001, 0.01, 0.1, 1];
const LABELS = { service: 'a "quoted" \\ name', version: 'v', replica: 'r\n1' };

it('says the same as prom-client’s own histogram of the same values', async () => {
  const ours = new Registry();
  const theirs = new Registry();
  const child = new BucketHistogram({ name: 'x_seconds', help: 'X.', buckets: BUCKETS })
    .register(ours)
    .labels(LABELS);
  const reference = new Histogram({
    name: 'x_seconds',
    help: 'X.',
    buckets: BUCKETS,
    labelNames: ['service', 'version', 'replica'],
    registers: [theirs],
  });

  for (const value of [0, 0.001, 0.0011, 0.01, 0.5, 1, 1.0001, 99]) {
    child.observe(value);
    reference.observe(LABELS, value);
  }

  const text = await ours.metrics();
  assert.equal(text, await theirs.metrics());
  assert.equal(readMetrics(text).sum('x_seconds_count'), 8);
});

it('forgets a child that was removed, and begins it anew', async () => {
  const registry = new Registry();
  const histogram = new BucketHistogram({ name: 'x_seconds', help: 'X.', buckets: BUCKETS });
  histogram.register(registry).labels(LABELS).observe(1);

  histogram.remove(LABELS);

  assert.deepEqual(readMetrics(await registry.metrics()).samples, []);
  histogram.labels(LABELS).observe(2);
  assert.equal(readMetrics(await registry.metrics()).sum('x_seconds_count'), 1);
});
