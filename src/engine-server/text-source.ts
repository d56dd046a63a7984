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

export interface TextSource {
  /** The name that requests ask for. */
  readonly model: string;
  /** Tokens of prompt and answer together. */
  readonly contextLength: number;
  /** Every id from 0 up to, not including, this one is a token. */
  readonly vocabularySize: number;
  /**
   * Resolves when the source can answer. Called once, before everything below; rejects when it never will. What it does meanwhile it
   * tells in short phrases for people (`loading the model, 40 %`).
   */
  load(signal: AbortSignal, tell: (progress: string) => void): Promise<void>;
  /** Gives back all that it holds. Called once, after the last `generate` has ended; `load` may not have finished. */
  close(): Promise<void>;
  /** Whether the model ends its answer with this token. */
  isEndToken(token: number): boolean;
  /** Special tokens written in the text are recognised. `addSpecialTokens` puts the begin token in front. */
  tokenize(text: string, addSpecialTokens: boolean): readonly number[];
  /** Bytes that are no complete character come out as U+FFFD. */
  detokenize(tokens: readonly number[], skipSpecialTokens: boolean): string;
  /** The model's own chat template, tokenized. */
  chatTokens(messages: readonly SourceMessage[], options: ChatTokensOptions): readonly number[];
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
