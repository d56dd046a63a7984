/** Prometheus' text format, read as strictly as a test may want it. */
import assert from 'node:assert/strict';
import { ask } from '../worker-harness.ts';

type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

export type Scraped = {
  readonly text: string;
  readonly samples: readonly Sample[];
  /** The sum over all samples of this name that have these labels; 0: there is none. */
  readonly sum: (name: string, labels?: Readonly<Record<string, string>>) => number;
};

const SAMPLE = /^([a-z_0-9]+)(?:\{((?:[a-z_0-9]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;
const LABEL = /([a-z_0-9]+)="((?:[^"\\\n]|\\["\\n])*)"/g;

/** Throws for what is not in the format: a sample without a type, a series that comes twice, buckets that shrink. */
export function readMetrics(text: string): Scraped {
  const types = new Map<string, string>();
  const seen = new Set<string>();
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    const type = /^# TYPE ([a-z_0-9]+) (counter|gauge|histogram|summary)$/.exec(line);
    if (type?.[1] !== undefined && type[2] !== undefined) {
      assert.ok(!types.has(type[1]), `${type[1]} is there twice`);
      types.set(type[1], type[2]);
      continue;
    }
    const [, name, inner = '', value] = SAMPLE.exec(line) ?? [];
    assert.ok(name !== undefined && value !== undefined, `not a sample: ${line}`);
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '');
    assert.ok(types.has(family), `${name} has no type`);
    if (types.get(family) === 'counter') assert.match(name, /_total$/);
    // Prometheus reads numbers as Go does, whatever the case; prom-client writes this for the mean of nothing.
    assert.ok(value === 'Nan' || Number.isFinite(Number(value)), line);
    const series = line.slice(0, line.lastIndexOf(' '));
    assert.ok(!seen.has(series), `${series} is there twice`);
    seen.add(series);
    const labels = Object.fromEntries(
      [...inner.matchAll(LABEL)].map(([, key = '', text = '']) => [key, text]),
    );
    samples.push({ name, labels, value: Number(value) });
  }
  checkBuckets(samples);
  return {
    text,
    samples,
    sum: (name, labels = {}) =>
      samples
        .filter(
          (sample) =>
            sample.name === name &&
            Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
        )
        .reduce((sum, { value }) => sum + value, 0),
  };
}

export async function scrape(url: string): Promise<Scraped> {
  const reply = await ask(`${url}/metrics`);
  assert.equal(reply.status, 200);
  assert.match(reply.headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/);
  return readMetrics(reply.text);
}

function checkBuckets(samples: readonly Sample[]): void {
  let before = { series: '', value: 0 };
  for (const { name, labels, value } of samples) {
    if (!name.endsWith('_bucket')) continue;
    const series = name + JSON.stringify({ ...labels, le: '' });
    if (before.series === series) assert.ok(value >= before.value, `${series} shrinks`);
    before = { series, value };
    if (labels['le'] !== '+Inf') continue;
    const rest = JSON.stringify(Object.entries(labels).filter(([key]) => key !== 'le'));
    const count = samples.find(
      (sample) =>
        sample.name === name.replace(/_bucket$/, '_count') &&
        JSON.stringify(Object.entries(sample.labels)) === rest,
    );
    assert.equal(count?.value, value, `${series} has another count`);
  }
}
