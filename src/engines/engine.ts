/** What the worker asks of an engine, whatever API it speaks. One adapter for each API implements it. */

type ChatMessage = {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
};

/** Rendered text, or a conversation that the engine renders with the model's own chat template. */
export type Prompt =
  | {
      readonly kind: 'text';
      readonly text: string;
      /** The text has every special token that the model needs, the first one too: the engine must add none. */
      readonly hasSpecialTokens: boolean;
    }
  | { readonly kind: 'chat'; readonly messages: readonly ChatMessage[] };

export type Sampling = {
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topP: number;
  /** null: off. */
  readonly topK: number | null;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly repetitionPenalty: number;
  readonly stop: readonly string[];
  readonly stopTokenIds: readonly number[];
  /** The same, of a template that may be written for another model: those that are no token of the engine's model are left out. */
  readonly templateStopTokenIds?: readonly number[];
};

export type Usage = { readonly promptTokens: number; readonly completionTokens: number };

export type FinishReason = 'stop' | 'length';

/** What one read from the engine brought: new text (perhaps of several tokens, perhaps none), and what is known by now. */
export type Delta = {
  readonly text: string;
  /** Counts up to here; null: the engine has not said. */
  readonly usage: Usage | null;
  /** Set on the last delta, and only when the engine itself said that it finished. */
  readonly finishReason: FinishReason | null;
};

export type ModelCard = {
  readonly id: string;
  /** Tokens of prompt and answer together; null: the engine does not tell. */
  readonly contextLength: number | null;
};

/** Holds the reading from an engine back while whoever takes the text is slow. Both may be called at any time, also after the end. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/** Takes an answer as it comes: pushed, because a promise for each token costs more than all that is done with it. */
export interface DeltaSink {
  /** The engine took the request and its reply begins. Called once, before the first `push`. */
  begin(flow: Flow): void;
  /** Called once for each read that brought something. Returns whether more is wanted: the text may have come to its end for the taker. */
  push(delta: Delta): boolean;
}

export type GenerateCall = {
  readonly prompt: Prompt;
  readonly sampling: Sampling;
  readonly sink: DeltaSink;
  readonly signal: AbortSignal;
  /** What the engine's log may call it (`X-Request-Id`); engines want no id twice at a time. */
  readonly requestId?: string;
};

export interface Engine {
  /**
   * Streams an answer into the sink. Resolves after a delta with a `finishReason`, or when the sink wants no more; a broken stream, an
   * error event or silence rejects with an LlmOpsError (`engine_failed`, `engine_timeout`, `engine_unavailable`, `context_overflow`,
   * `param_out_of_range`, …), an aborted signal with its reason. After it settled the sink is not called again.
   * The connection of an answer that was left is closed, which is how engines learn that nobody waits.
   */
  generate(call: GenerateCall): Promise<void>;
  /** Tokens of a text as the engine counts them, special tokens such as BOS included. */
  countTokens(text: string, signal: AbortSignal): Promise<number>;
  /** Tokens of a prompt as it is sent by `generate`; null: the engine has no way to count them. */
  countPrompt(prompt: Prompt, signal: AbortSignal): Promise<number | null>;
  /** Asks `/v1/models`. */
  modelCard(signal: AbortSignal): Promise<ModelCard>;
  /**
   * The context's length as the engine last told it, and asked for when it is not known, or no longer: an engine that was seen down, or
   * refused what should have fitted, may be another one. null: the engine does not tell.
   */
  contextLength(signal: AbortSignal): Promise<number | null>;
  /** Never throws. */
  probe(signal: AbortSignal): Promise<EngineState>;
  close(): Promise<void>;
}

/** loading: it answers, but not yet for the model. silent: it takes connections and does not answer in time. down: nothing listens. */
export type EngineState = 'ready' | 'loading' | 'silent' | 'down';
