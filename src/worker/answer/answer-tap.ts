/** What is done to an engine's text on its way to the reply: the echoed prompt before it, stop strings cut off, and notes taken. */
import type { Delta, DeltaSink, Flow } from '../../engines/engine.ts';
import type { RequestTrace } from './request-trace.ts';
import { createStopFilter } from './stop-filter.ts';

/** Where an answer goes in the end. */
export type AnswerSink = DeltaSink & {
  /** Forgets what it was given, because the answer begins anew. Left out: a reader may have seen it. */
  readonly restart?: () => void;
};

export type AnswerTapOptions = {
  readonly sink: AnswerSink;
  /** Goes before the first text. Usage does not count it. */
  readonly echo: string;
  readonly stop: readonly string[];
  readonly trace: RequestTrace;
};

export class AnswerTap implements DeltaSink {
  readonly #options: AnswerTapOptions;
  readonly #filter: ReturnType<typeof createStopFilter>;
  #echo: string;
  #hasPushed = false;

  constructor(options: AnswerTapOptions) {
    this.#options = options;
    this.#filter = createStopFilter(options.stop);
    this.#echo = options.echo;
  }

  /** Whether something of the answer went on. */
  get hasPushed(): boolean {
    return this.#hasPushed;
  }

  /** Whether another engine can begin the answer anew: not when the reader may have seen something of it. */
  get canRestart(): boolean {
    return !this.#hasPushed || this.#options.sink.restart !== undefined;
  }

  begin(flow: Flow): void {
    this.#options.sink.begin(flow);
  }

  push(delta: Delta): boolean {
    const { usage, finishReason } = delta;
    const { text, isEnd } = this.#filter.push(delta.text);
    if (isEnd) {
      this.#pass({ text, usage, finishReason: 'stop' });
      return false;
    }
    const rest = finishReason === null ? '' : this.#filter.flush();
    return this.#pass({ text: text + rest, usage, finishReason });
  }

  /** Another engine begins the answer anew: what the first one said, and nobody saw, is forgotten. */
  restart(): void {
    const { sink, echo, trace } = this.#options;
    this.#filter.flush();
    this.#echo = echo;
    this.#hasPushed = false;
    sink.restart?.();
    trace.noteRestart();
  }

  /** The engine failed: what was held back for a stop string is text after all. */
  flush(): void {
    const text = this.#filter.flush();
    if (text !== '') this.#pass({ text, usage: null, finishReason: null });
  }

  #pass(delta: Delta): boolean {
    const { sink, trace } = this.#options;
    trace.noteDelta(delta);
    if (delta.text === '' && delta.finishReason === null) return true;
    this.#hasPushed = true;
    if (this.#echo === '') return sink.push(delta);
    const text = this.#echo + delta.text;
    this.#echo = '';
    return sink.push({ ...delta, text });
  }
}
