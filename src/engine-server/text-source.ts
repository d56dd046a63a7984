/** Where the text of the engine server comes from: the simulator, or a model in the same process. Everything of HTTP is the server's. */

export type SourceMessage = { readonly role: string; readonly content: string };

export type ChatTokensOptions = {
  /** Ends the prompt with the opening of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
  /** Leaves the last message open, so that the answer goes on with it. */
  readonly continueFinalMessage: boolean;
  readonly addSpecialTokens: boolean;
};

/** How tokens are chosen. Ranges are checked by the server before a source sees them. */
export type Sampling = {
  readonly temperature: number;
  readonly topP: number;
  /** 0: off. */
  readonly topK: number;
  readonly minP: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly repetitionPenalty: number;
  readonly seed: number | null;
  /** The end token is not chosen among the first so many tokens. */
  readonly minTokens: number;
};

export interface Vocabulary {
  /** Every id from 0 up to, not including, this one is a token. */
  readonly vocabularySize: number;
  /** Whether the model ends its answer with this token. */
  isEndToken(token: number): boolean;
  /** Special tokens written in the text are recognised. `addSpecialTokens` puts the begin token in front. */
  tokenize(text: string, addSpecialTokens: boolean): readonly number[];
  /** Bytes that are no complete character come out as U+FFFD. */
  detokenize(tokens: readonly number[], skipSpecialTokens: boolean): string;
  /** The model's own chat template, tokenized. */
  chatTokens(messages: readonly SourceMessage[], options: ChatTokensOptions): readonly number[];
}

interface AnySource extends Vocabulary {
  /** The name that requests ask for. */
  readonly model: string;
  /** Tokens of prompt and answer together. */
  readonly contextLength: number;
  /**
   * Resolves when the source can answer. Called once, before everything below; rejects when it never will. What it does meanwhile it
   * tells in short phrases for people (`loading the model, 40 %`).
   */
  load(signal: AbortSignal, tell: (progress: string) => void): Promise<void>;
  /** Gives back all that it holds. Called once, after the last answer has ended; `load` may not have finished. */
  close(): Promise<void>;
}

/** A source that computes its tokens. */
export interface ComputedSource extends AnySource {
  /**
   * Token after token, endlessly: the end token is one of them, and the server decides whether it ends the answer, by leaving the
   * loop. Rejects soon after the signal aborts, and leaves no timer behind.
   */
  generate(
    prompt: readonly number[],
    sampling: Sampling,
    signal: AbortSignal,
  ): AsyncIterable<number>;
}

/** The tokens of one answer, there at any moment; the server brings each when it is due. */
export type TimedTokens = {
  /** Tokens of the prompt that were in the prefix cache; null: there is no cache. */
  readonly cachedTokens: number | null;
  /** The next token, endlessly: the end token is one of them. */
  readonly next: () => number;
  /** When the token with this index, from 0, is due: milliseconds since the beginning of the answer. */
  readonly dueMs: (index: number) => number;
  /** Called once, when no further token is wanted. */
  readonly end: () => void;
};

/** A source that knows its tokens, and plays them at a pace. */
export interface TimedSource extends AnySource {
  begin(prompt: readonly number[], sampling: Sampling): TimedTokens;
}

export type TextSource = ComputedSource | TimedSource;
