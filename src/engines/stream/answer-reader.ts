/** The bytes of a streamed answer → deltas, one for each read that brought something. Knows nothing of connections. */
import { LlmOpsError } from '../../errors.ts';
import type { Delta, FinishReason, Usage } from '../engine.ts';
import { readChunk } from './read-chunk.ts';
import { createEventReader } from './stream-events.ts';

export class AnswerReader {
  readonly #read = createEventReader();
  #usage: Usage | null = null;
  #finishReason: FinishReason | null = null;
  #text = '';

  /**
   * What a read brought, folded into one delta; null: nothing to tell. The last delta, and only that, has a finish reason, and comes when
   * the engine says that nothing follows. Throws `engine_failed` for an error event (vLLM sends `[DONE]` after it all the same), for
   * what is no event, and for an end without a finish reason. The text before a fault in the same read is told by `rest`.
   */
  read(bytes: Buffer): Delta | null {
    for (const data of this.#read(bytes)) {
      if (data === '[DONE]') return this.end();
      const chunk = readChunk(data);
      this.#text += chunk.text;
      this.#usage = chunk.usage ?? this.#usage;
      this.#finishReason = chunk.finishReason ?? this.#finishReason;
    }
    return this.rest();
  }

  /** The engine said how it finished; counts, and the word that nothing follows, may still come. */
  get hasFinished(): boolean {
    return this.#finishReason !== null;
  }

  /** The text that came and was not told yet. */
  rest(): Delta | null {
    if (this.#text === '') return null;
    const text = this.#text;
    this.#text = '';
    return { text, usage: this.#usage, finishReason: null };
  }

  /** The reply ended. Some servers leave out `[DONE]`: with a finish reason that is as good, without one it is no end at all. */
  end(): Delta {
    if (this.#finishReason === null)
      throw new LlmOpsError('engine_failed', 'the engine ended its answer without finishing it');
    const text = this.#text;
    this.#text = '';
    return { text, usage: this.#usage, finishReason: this.#finishReason };
  }
}
