/**
 * A histogram that is cheap to observe, for what happens with every piece of text. prom-client's own looks its labels up and its buckets
 * by their names each time, which takes more than a microsecond; here a child is an array of counts that whoever observes holds in hand.
 * prom-client prints it like any other.
 */
import type { Metric, Registry } from 'prom-client';
import { keyOf } from './labels.ts';
import type { Labels } from './labels.ts';

type Value = {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
};

/** Of one set of labels. */
export class BucketCounts {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  /** Cumulative, as Prometheus reads them. */
  toValues(name: string, labels: Labels): readonly Value[] {
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, index) => {
      total += this.#counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: this.#sum },
      { metricName: `${name}_count`, labels, value: total },
    ];
  }
}

export class BucketHistogram {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  readonly #bounds: readonly number[];
  readonly #children = new Map<string, { labels: Labels; counts: BucketCounts }>();

  constructor(options: { name: string; help: string; buckets: readonly number[] }) {
    this.name = options.name;
    this.help = options.help;
    this.#bounds = options.buckets;
  }

  /** prom-client asks a metric for no more than this, whatever its types say. */
  register(registry: Registry): this {
    registry.registerMetric(this as unknown as Metric);
    return this;
  }

  /** What is observed on a child that was removed meanwhile is lost with it. */
  labels(labels: Labels): BucketCounts {
    const key = keyOf(labels);
    const known = this.#children.get(key)?.counts;
    if (known !== undefined) return known;
    const counts = new BucketCounts(this.#bounds);
    this.#children.set(key, { labels, counts });
    return counts;
  }

  remove(labels: Labels): void {
    this.#children.delete(keyOf(labels));
  }

  /** For prom-client. */
  get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const values = [...this.#children.values()].flatMap(({ labels, counts }) =>
      counts.toValues(name, labels),
    );
    return Promise.resolve({ name, help, type, aggregator, values });
  }
}
