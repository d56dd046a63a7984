/**
 * When frames that wait for company are due. A timer for each of them would wake the process for each: at 3,000 tokens a second that costs
 * more than the frames that it saves. But tokens of other streams wake it all the time, so whoever has one looks whether somebody's frame is
 * due (`look`), which is one comparison; a common timer is only there for when nobody comes by.
 */

/** How late a frame may go when no other stream brings anything. */
const LOOK_EVERY_MS = 5;

/** Gone, and not yet removed, before a queue is made anew. */
const MOST_GONE = 1_024;

export type Waiting = { readonly dueMs: number; send: (() => void) | null };

/** Who waits equally long is due in the order of coming. */
type Queue = { waiting: Waiting[]; gone: number };

export class FrameClock {
  readonly #queues = new Map<number, Queue>();
  #earliestMs = Infinity;
  #timer: NodeJS.Timeout | null = null;

  /** Calls `send` once, `waitMs` after `nowMs` (of `performance.now()`) or a little later, unless it is left before. Few different waits, please. */
  wait(send: () => void, { nowMs, waitMs }: { nowMs: number; waitMs: number }): Waiting {
    const waiting = { dueMs: nowMs + waitMs, send };
    const queue = this.#queues.get(waitMs);
    if (queue === undefined) this.#queues.set(waitMs, { waiting: [waiting], gone: 0 });
    else queue.waiting.push(waiting);
    this.#earliestMs = Math.min(this.#earliestMs, waiting.dueMs);
    this.#timer ??= setInterval(() => this.look(performance.now()), LOOK_EVERY_MS);
    return waiting;
  }

  /** Its place in the queue goes when it is due. */
  leave(waiting: Waiting): void {
    waiting.send = null;
  }

  /** Sends what is due. */
  look(nowMs: number): void {
    if (nowMs < this.#earliestMs) return;
    this.#earliestMs = Infinity;
    for (const queue of this.#queues.values()) {
      const next = takeDue(queue, nowMs);
      if (next !== undefined) this.#earliestMs = Math.min(this.#earliestMs, next.dueMs);
    }
    if (this.#earliestMs < Infinity || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

/** Sends what is due, and returns who is next. */
function takeDue(queue: Queue, nowMs: number): Waiting | undefined {
  let next = queue.waiting[queue.gone];
  while (next !== undefined && next.dueMs <= nowMs) {
    queue.gone += 1;
    next.send?.();
    next = queue.waiting[queue.gone];
  }
  if (next === undefined || queue.gone > MOST_GONE) {
    queue.waiting = queue.waiting.slice(queue.gone);
    queue.gone = 0;
  }
  return next;
}
