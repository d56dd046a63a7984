/** A visit that a server pays to a replica, as the owner counts it: there until it leaves, waiting or not, and what its server tells of it. */
import type { Replica } from '../../live/replica.ts';
import type { VisitEnd } from '../../balance/health/visit.ts';

export class Guest {
  readonly replica: Replica;
  readonly #leave: () => void;
  /** The watch's count when it came. */
  readonly #mark: number;
  #stopWaiting: (() => void) | null;

  /** `isWaiting`: for text. A question has an answer of its own, which says nothing of how the engine generates. */
  constructor(replica: Replica, { isWaiting = true }: { readonly isWaiting?: boolean } = {}) {
    this.replica = replica;
    this.#leave = replica.enter();
    this.#mark = replica.progress.count;
    this.#stopWaiting = isWaiting ? replica.progress.wait() : null;
  }

  /** What came of it and of others at its side since the server told last. */
  told({ hasProgressed, isWaiting }: { hasProgressed: boolean; isWaiting: boolean }): void {
    if (hasProgressed) this.replica.progress.progressed();
    if (!isWaiting) this.#rest();
    else this.#stopWaiting ??= this.replica.progress.wait();
  }

  /**
   * It had its end. Its server knows what its own visits got, and we what those of all got as far as it was told; where this one got
   * something at all, its silence since then is left to the watch, which sees the same within a second.
   */
  ended(end: VisitEnd): void {
    const { progress } = this.replica;
    if (end.kind === 'answered') progress.progressed();
    const isAllSilent = progress.count === this.#mark;
    this.replica.learnFrom(
      end.kind === 'answered' ? end : { ...end, isAllSilent: end.isAllSilent && isAllSilent },
    );
  }

  /** Must be called once, in the end. */
  leave(): void {
    this.#rest();
    this.#leave();
  }

  #rest(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = null;
  }
}
