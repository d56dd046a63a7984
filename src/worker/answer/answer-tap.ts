/** What is done to an engine's text on its way to the reply: the echoed prompt before it, stop strings cut off, and notes taken. */
import type { Delta, DeltaSink, Flow } from '../../engines/engine.ts';
import type { RequestTrace } from './request-trace.ts';
import { createStopFilter } from './stop-filter.ts';

export type AnswerTapOptions = {
  readonly sink: DeltaSink;
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

  /** Whether the reader may have seen something of the answer: then no other engine can begin it anew. */
  get hasPushed(): boolean {
    return this.#hasPushed;
  }

  begin(flow: Flow): void {
    this.#options.sink.begin(flow);
  }

  push(delta: Delta): boolean {
    const { text, isEnd } = this.#filter.push(delta.text);
    if (isEnd) {
      this.#pass({ ...delta, text, finishReason: 'stop' });
      return false;
    }
    const isLast = delta.finishReason !== null;
    return this.#pass({ ...delta, text: isLast ? text + this.#filter.flush() : text });
  }

  /** Another engine begins the answer anew: what the first one said, and nobody saw, is forgotten. */
  restart(): void {
    this.#filter.flush();
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
    const text = this.#echo + delta.text;
    this.#echo = '';
    return sink.push({ ...delta, text });
  }
}
