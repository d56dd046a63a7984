/** What this server counted, told to the owner when it asks, and by itself, so that little is lost with a server that is killed. */
import type { Counts } from '../../metrics/processes/counts.ts';
import type { ServerMetrics } from '../../metrics/processes/server-metrics.ts';

/** With a gateway of many services a report is long: it takes no more than a hundredth of the time. */
const REPORT_EVERY_MS = 1_000;
const LEAST_REST = 99;

export class CountReport {
  readonly #metrics: Pick<ServerMetrics, 'counts' | 'news'>;
  readonly #send: (n: number | null, counts: Counts) => void;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;
  #telling: Promise<void> = Promise.resolve();

  constructor(
    metrics: Pick<ServerMetrics, 'counts' | 'news'>,
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

  /** Everything. `n`: the owner's question; null: it asked nothing. */
  tell(n: number | null): Promise<void> {
    return this.#inTurn(async () => this.#send(n, await this.#metrics.counts()));
  }

  /** One after the other, so that nothing older comes after what is newer. */
  #inTurn(tell: () => Promise<void>): Promise<void> {
    this.#telling = this.#telling.then(tell);
    return this.#telling;
  }

  #rest(ms: number): void {
    this.#timer = setTimeout(() => void this.#report(), ms);
    this.#timer.unref();
  }

  async #report(): Promise<void> {
    const began = performance.now();
    await this.#inTurn(async () => {
      const news = await this.#metrics.news();
      if (news !== null) this.#send(null, news);
    });
    const tookMs = performance.now() - began;
    if (!this.#isStopped) this.#rest(Math.max(REPORT_EVERY_MS, tookMs * LEAST_REST));
  }
}
