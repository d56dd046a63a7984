/** One request at one engine, between the engine and the sink of the answer: tells the engine's watch what comes of it. */
import type { Delta, DeltaSink, Flow } from '../../../engines/engine.ts';
import type { ProgressWatch } from './progress-watch.ts';

export class Visit implements DeltaSink {
  readonly #sink: DeltaSink;
  readonly #watch: ProgressWatch;
  /** The watch's count when the request came, or when it last got something. */
  #mark: number;
  #hasProgressed = false;
  #isOver = false;
  #stopWaiting: (() => void) | null;

  constructor(sink: DeltaSink, watch: ProgressWatch) {
    this.#sink = sink;
    this.#watch = watch;
    this.#mark = watch.count;
    this.#stopWaiting = watch.wait();
  }

  /** Whether the engine sent it anything of an answer. */
  get hasProgressed(): boolean {
    return this.#hasProgressed;
  }

  /** Whether nobody at this engine got anything since this request came, or since it last did itself. */
  get isAllSilent(): boolean {
    return this.#watch.count === this.#mark;
  }

  /** Who holds the engine back does not wait for it. */
  begin(flow: Flow): void {
    this.#sink.begin({
      pause: () => {
        this.#rest();
        flow.pause();
      },
      resume: () => {
        if (!this.#isOver) this.#stopWaiting ??= this.#watch.wait();
        flow.resume();
      },
    });
  }

  push(delta: Delta): boolean {
    this.#mark = this.#watch.progressed();
    this.#hasProgressed = true;
    return this.#sink.push(delta);
  }

  /** May be called more than once. */
  end(): void {
    this.#isOver = true;
    this.#rest();
  }

  #rest(): void {
    this.#stopWaiting?.();
    this.#stopWaiting = null;
  }
}
