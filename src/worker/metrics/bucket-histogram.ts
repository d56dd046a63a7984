/** A histogram: how many values there were up to each bound. A child of it is an array of counts. */
import { Children } from './children.ts';
import type { Child, MetricValue } from './children.ts';

/** Of one set of labels. */
export class BucketCounts implements Child {
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
  toValues(name: string, labels: Readonly<Record<string, string>>): readonly MetricValue[] {
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

export class BucketHistogram extends Children<BucketCounts> {
  constructor(options: { name: string; help: string; buckets: readonly number[] }) {
    const { name, help, buckets } = options;
    super({ name, help, type: 'histogram', create: () => new BucketCounts(buckets) });
  }
}
