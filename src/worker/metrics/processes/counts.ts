/** Metrics as values that go from one process to another, and how those of several processes become one. */
import { AggregatorRegistry, Registry } from 'prom-client';
import type { Metric } from 'prom-client';

type Value = {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
};

export type CountedMetric = {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly Value[];
};

/** What one process counted. */
export type Counts = {
  /** Of requests: the sums of several processes are those of the worker. */
  readonly requests: readonly CountedMetric[];
  /** Of the process: each has its own. Empty: not told this time. */
  readonly process: readonly CountedMetric[];
};

/** What a registry has now. */
export async function countsOf(
  registry: Pick<Registry, 'getMetricsAsJSON'>,
): Promise<readonly CountedMetric[]> {
  // Its types say that the values are those of any metric, and leave out what they are.
  return (await registry.getMetricsAsJSON()) as unknown as readonly CountedMetric[];
}

/** The sum of what several processes counted, series by series. */
export async function sumOf(
  all: readonly (readonly CountedMetric[])[],
): Promise<readonly CountedMetric[]> {
  return countsOf(AggregatorRegistry.aggregate(all as unknown as object[]));
}

/** The sum of two lists of what only grows, at once: each series of either is in it once, however many such sums were made before. */
export function addCounts(
  all: readonly CountedMetric[],
  more: readonly CountedMetric[],
): readonly CountedMetric[] {
  const byName = new Map(all.map((metric) => [metric.name, metric]));
  for (const metric of more) {
    const before = byName.get(metric.name);
    byName.set(metric.name, { ...metric, values: addValues(before?.values ?? [], metric.values) });
  }
  return [...byName.values()];
}

function addValues(all: readonly Value[], more: readonly Value[]): readonly Value[] {
  const bySeries = new Map(all.map((value) => [seriesOf(value), value]));
  for (const value of more) {
    const series = seriesOf(value);
    const before = bySeries.get(series)?.value ?? 0;
    bySeries.set(series, { ...value, value: before + value.value });
  }
  return [...bySeries.values()];
}

function seriesOf({ metricName = '', labels }: Value): string {
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([metricName, sorted]);
}

/** What stays of a process that is gone: what it counted, not what it had at the moment. `keeps`: which series are still of interest. */
export function remainsOf(
  metrics: readonly CountedMetric[],
  keeps: (labels: Value['labels']) => boolean,
): readonly CountedMetric[] {
  return metrics
    .filter(({ type }) => type !== 'gauge')
    .map((metric) => ({ ...metric, values: metric.values.filter(({ labels }) => keeps(labels)) }));
}

/** The same metrics of several processes, told apart by the label `process`. */
export function sideBySide(
  all: readonly { readonly process: string; readonly metrics: readonly CountedMetric[] }[],
): readonly CountedMetric[] {
  const byName = new Map<string, CountedMetric>();
  for (const { process, metrics } of all) {
    for (const metric of metrics) {
      const values = metric.values.map((value) => ({
        ...value,
        // The mean of nothing is not a number, for which JSON has no word.
        value: (value.value as number | null) ?? NaN,
        labels: { ...value.labels, process },
      }));
      const before = byName.get(metric.name)?.values ?? [];
      byName.set(metric.name, { ...metric, values: [...before, ...values] });
    }
  }
  return [...byName.values()];
}

/** In Prometheus' text format. */
export async function printCounts(metrics: readonly CountedMetric[]): Promise<string> {
  const registry = new Registry();
  // prom-client asks a metric for no more than this, whatever its types say.
  for (const metric of metrics)
    registry.registerMetric({ ...metric, get: () => metric } as unknown as Metric);
  return registry.metrics();
}
