/** One request at one engine, between the engine and the sink of the answer: tells the engine's watch what comes of it. */
import type { Delta, DeltaSink, Flow } from '../../../engines/engine.ts';
import type { ErrorCode } from '../../../errors.ts';
import { isEnginesFault } from './engine-fault.ts';
import type { ProgressWatch } from './progress-watch.ts';

/** What a visit tells an engine's watch. */
export type Watcher = Pick<ProgressWatch, 'count' | 'progressed' | 'wait'>;

/** What the end of a visit says of the engine. */
export type VisitEnd =
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly hasProgressed: boolean;
      readonly isAllSilent: boolean;
    };

/**
 * Runs `act`, which gives what the engine sends to the sink that it gets, and resolves and rejects as that does. `onEnd` is told when the
 * end says something of the engine: not when the client left, nor when the request was at fault.
 */
export async function visitEngine(
  {
    sink,
    signal,
    watch,
  }: { readonly sink: DeltaSink; readonly signal: AbortSignal; readonly watch: Watcher },
  act: (sink: DeltaSink) => Promise<void>,
  onEnd: (end: VisitEnd) => void,
): Promise<void> {
  const visit = new Visit(sink, watch);
  try {
    await act(visit);
    onEnd({ kind: 'answered' });
  } catch (error) {
    if (!signal.aborted && isEnginesFault(error)) {
      const { hasProgressed, isAllSilent } = visit;
      onEnd({ kind: 'failed', code: error.code, hasProgressed, isAllSilent });
    }
    throw error;
  } finally {
    visit.end();
  }
}

export class Visit implements DeltaSink {
  readonly #sink: DeltaSink;
  readonly #watch: Watcher;
  /** The watch's count when the request came, or when it last got something. */
  #mark: number;
  #hasProgressed = false;
  #isOver = false;
  #stopWaiting: (() => void) | null;

  constructor(sink: DeltaSink, watch: Watcher) {
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
