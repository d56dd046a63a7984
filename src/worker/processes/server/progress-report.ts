/**
 * What becomes of visits at engines, told to the owner every now and then: a piece of text costs a note here and no message. The owner adds
 * up the silence of an engine over all servers, so what it hears a second late makes no engine silent that is not.
 */
import type { Watcher } from '../../balance/health/visit.ts';
import type { Replica } from '../../live/replica.ts';
import type { VisitProgress } from '../messages.ts';

type Visit = {
  readonly n: number;
  readonly replica: Replica;
  hasProgressed: boolean;
  isWaiting: boolean;
  /** As the owner knows it. */
  toldWaiting: boolean;
};

export class ProgressReport {
  readonly #send: (visits: readonly VisitProgress[]) => void;
  readonly #visits = new Set<Visit>();
  #timer: NodeJS.Timeout | null = null;

  constructor(send: (visits: readonly VisitProgress[]) => void) {
    this.#send = send;
  }

  /** Tells what there is to tell so often, in milliseconds, from now on. */
  every(ms: number): void {
    this.stop();
    this.#timer = setInterval(() => this.tell(), ms);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** For the visit that the owner knows by number `n`, until `end` is called. */
  watch(n: number, replica: Replica): Watcher & { readonly end: () => void } {
    const visit = { n, replica, hasProgressed: false, isWaiting: true, toldWaiting: true };
    this.#visits.add(visit);
    return {
      get count() {
        return replica.progress.count;
      },
      progressed: () => {
        visit.hasProgressed = true;
        return replica.progress.progressed();
      },
      wait: () => {
        visit.isWaiting = true;
        return () => {
          visit.isWaiting = false;
        };
      },
      end: () => {
        // A visit whose client left has no other word of it, and its number means nothing once it is released.
        if (visit.hasProgressed)
          this.#send([{ n, hasProgressed: true, isWaiting: visit.isWaiting }]);
        this.#visits.delete(visit);
      },
    };
  }

  /** Of the visits at an engine that got something, one is enough to name. */
  tell(): void {
    const named = new Set<Replica>();
    const news: VisitProgress[] = [];
    for (const visit of this.#visits) {
      const { n, replica, isWaiting } = visit;
      const hasProgressed = visit.hasProgressed && !named.has(replica);
      if (hasProgressed) named.add(replica);
      visit.hasProgressed = false;
      if (!hasProgressed && isWaiting === visit.toldWaiting) continue;
      visit.toldWaiting = isWaiting;
      news.push({ n, hasProgressed, isWaiting });
    }
    if (news.length > 0) this.#send(news);
  }
}
