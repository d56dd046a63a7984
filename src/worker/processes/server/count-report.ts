/** What this server counted, told to the owner when it asks, and by itself, so that little is lost with a server that is killed. */
import type { Counts } from '../../metrics/counts.ts';
import type { ServerMetrics } from '../../metrics/server-metrics.ts';

/** With a gateway of many services a report is long: it takes no more than a hundredth of the time. */
const REPORT_EVERY_MS = 1_000;
const LEAST_REST = 99;

export class CountReport {
  readonly #metrics: Pick<ServerMetrics, 'counts'>;
  readonly #send: (n: number | null, counts: Counts) => void;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(
    metrics: Pick<ServerMetrics, 'counts'>,
    send: (n: number | null, counts: Counts) => void,
  ) {
    this.#metrics = metrics;
    this.#send = send;
  }

  begin(): void {
    this.#rest(REPORT_EVERY_MS);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** `n`: the owner's question; null: it asked nothing. */
  async tell(n: number | null): Promise<void> {
    this.#send(n, await this.#metrics.counts());
  }

  #rest(ms: number): void {
    this.#timer = setTimeout(() => void this.#report(), ms);
    this.#timer.unref();
  }

  async #report(): Promise<void> {
    const began = performance.now();
    await this.tell(null);
    const tookMs = performance.now() - began;
    if (!this.#isStopped) this.#rest(Math.max(REPORT_EVERY_MS, tookMs * LEAST_REST));
  }
}
