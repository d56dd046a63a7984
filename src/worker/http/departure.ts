/** Notices that a client left, or that the worker stops, in every phase of a request. */
import type { ServerResponse } from 'node:http';
import { LlmOpsError } from '../../errors.ts';

export class ClientLeft extends Error {
  override readonly name = 'ClientLeft';
}

/** How long a client should wait before it asks whoever takes our place. */
const RETRY_AFTER_S = 5;

/** The requests under way in this process, so that a stop can wait for them, and end them with a word instead of a cut. */
export class Departures {
  readonly #open = new Set<AbortController>();
  #total = 0;
  #isClosing = false;
  #onEmpty: () => void = () => undefined;

  get size(): number {
    return this.#open.size;
  }

  /** Requests so far, those that ended too. */
  get total(): number {
    return this.#total;
  }

  /**
   * A signal for one request. It watches the reply's `close`: the request's own fires as soon as its body is read.
   */
  watch(raw: ServerResponse): AbortSignal {
    const controller = new AbortController();
    this.#open.add(controller);
    this.#total += 1;
    raw.on('close', () => {
      this.#open.delete(controller);
      if (this.#open.size === 0) this.#onEmpty();
      if (!raw.writableFinished) controller.abort(new ClientLeft('the client left'));
    });
    return controller.signal;
  }

  /** From now on only questions are answered. Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  /** For who begins something that takes its time: throws `stopping` when the worker closes. */
  assertOpen(): void {
    if (this.#isClosing) throw stopping();
  }

  /** Ends what is still under way, and lets nothing begin any more. */
  stopAll(): void {
    this.#isClosing = true;
    for (const controller of this.#open) controller.abort(stopping());
  }
}

function stopping(): LlmOpsError {
  return new LlmOpsError('stopping', 'the worker is stopping', {
    details: { retry_after_s: RETRY_AFTER_S },
  });
}
