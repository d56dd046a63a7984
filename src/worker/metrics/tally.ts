/** A counter: what only grows. */
import { Children } from './children.ts';
import type { Child, MetricValue } from './children.ts';

/** Of one set of labels. */
export class Count implements Child {
  #value = 0;

  add(amount: number): void {
    this.#value += amount;
  }

  toValues(name: string, labels: Readonly<Record<string, string>>): readonly MetricValue[] {
    return [{ metricName: name, labels, value: this.#value }];
  }
}

export class Tally extends Children<Count> {
  constructor(options: { name: string; help: string }) {
    super({ ...options, type: 'counter', create: () => new Count() });
  }
}
