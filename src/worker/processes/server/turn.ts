/** A request's turn at a replica that the owner chose: as at a replica of our own, but what comes of it is told to the owner. */
import type { DeltaSink, Engine } from '../../../engines/engine.ts';
import { visitEngine } from '../../balance/health/visit.ts';
import type { Watcher } from '../../balance/health/visit.ts';
import type { Replica, Seat } from '../../live/replica.ts';
import type { OwnerLink } from './owner-link.ts';
import type { ProgressReport } from './progress-report.ts';

export type TurnOptions = {
  /** The question that the owner answered with this replica. */
  readonly n: number;
  readonly replica: Replica;
  readonly link: OwnerLink;
  readonly report: ProgressReport;
};

export class Turn implements Seat {
  readonly #options: TurnOptions;

  constructor(options: TurnOptions) {
    this.#options = options;
  }

  get id(): string {
    return this.#options.replica.id;
  }

  get engine(): Engine {
    return this.#options.replica.engine;
  }

  /** As a replica's own `serve`. */
  async serve(
    { sink, signal }: { readonly sink: DeltaSink; readonly signal: AbortSignal },
    act: (sink: DeltaSink) => Promise<void>,
  ): Promise<void> {
    const { n, replica, link, report } = this.#options;
    // Here it only keeps the connections open that it needs, should the configuration change.
    const leave = replica.enter();
    const watch: Watcher & { end: () => void } = report.watch(n, replica);
    try {
      await visitEngine({ sink, signal, watch }, act, (end) => {
        link.tell({ kind: 'ended', n, end });
      });
    } finally {
      watch.end();
      leave();
    }
  }

  /** Resolves when the owner has told how the engine is now. */
  lost(): Promise<void> {
    const { n, link } = this.#options;
    return link.ask({ kind: 'lost', of: n }, () => undefined).reply;
  }
}
