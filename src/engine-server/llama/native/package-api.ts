/**
 * What we use of node-llama-cpp 3.22.1, in narrow types of our own: the package is no dependency, so there are none to import. Names and
 * meanings are its own.
 */
export type LlamaPackage = {
  getLlama(options: LlamaOptions): Promise<Llama>;
  readonly TokenBias: { for(model: NativeModel): TokenBias };
};

type LlamaOptions = {
  readonly gpu: false | 'auto';
  /** Never compiles. */
  readonly build: 'never';
  readonly progressLogs: false;
  readonly logLevel: 'warn';
  readonly logger: (level: string, message: string) => void;
  /** 0: the contexts' own numbers of threads are exact. */
  readonly maxThreads: 0;
};

export type Llama = {
  loadModel(options: ModelOptions): Promise<NativeModel>;
  dispose(): Promise<void>;
};

type ModelOptions = {
  readonly modelPath: string;
  /** Only the tokenizer. */
  readonly vocabOnly?: boolean;
  readonly loadSignal?: AbortSignal;
  /** From 0 to 1. */
  readonly onLoadProgress?: (progress: number) => void;
};

export type NativeModel = {
  /** Identifies the model in a TokenBias. */
  readonly tokenizer: object;
  /** 0 in a model of which only the vocabulary is loaded. */
  readonly trainContextSize: number;
  readonly fileInfo: {
    readonly metadata: {
      readonly tokenizer?: {
        readonly chat_template?: unknown;
        readonly ggml?: { readonly tokens?: readonly string[] };
      };
    };
  };
  readonly tokens: {
    readonly bos: number | null;
    readonly bosString: string | null;
    readonly eosString: string | null;
    readonly shouldPrependBosToken: boolean;
  };
  /** Never adds a begin token. */
  tokenize(text: string, specialTokens: boolean): number[];
  /** Removes the space that some tokenizers put before a text. `specialTokens`: special ones have text too. */
  detokenize(tokens: readonly number[], specialTokens: boolean): string;
  isEogToken(token: number): boolean;
  createContext(options: ContextOptions): Promise<NativeContext>;
  dispose(): Promise<void>;
};

type ContextOptions = {
  /** Tokens of one sequence. */
  readonly contextSize: number;
  readonly sequences: number;
  readonly batchSize: number;
  readonly threads: number;
  readonly createSignal?: AbortSignal;
  readonly failedCreationRemedy: false;
};

type NativeContext = {
  getSequence(options: { readonly contextShift: ContextShift }): Sequence;
  dispose(): Promise<void>;
};

/** What is asked when a sequence is full. */
type ContextShift = { readonly strategy: () => never };

export type Sequence = {
  /** Tokens that it holds. */
  readonly nextTokenIndex: number;
  /** How many tokens its state and these ones begin with in common. */
  compareContextTokens(tokens: readonly number[]): { readonly firstDifferentIndex: number };
  /** Erases what is not the beginning of these tokens; at times all, where a model's state cannot be cut. */
  adaptStateToTokens(tokens: readonly number[], allowShift: false): Promise<void>;
  clearHistory(): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: readonly number[]): Promise<void>;
  evaluate(tokens: readonly number[], options: EvaluateOptions): AsyncGenerator<number, void, void>;
};

export type EvaluateOptions = {
  /** 0: greedy. */
  readonly temperature: number;
  /** null: off; left out, it would be 40. */
  readonly topK: number | null;
  readonly topP: number;
  readonly minP: number;
  /** Unsigned, 32 bits. */
  readonly seed: number;
  readonly repeatPenalty?: RepeatPenalty;
  /** Asked before each token. */
  readonly tokenBias?: () => TokenBias;
  readonly yieldEogToken: true;
};

export type RepeatPenalty = {
  /** Asked before each token. */
  readonly punishTokens: () => readonly number[];
  readonly maxPunishTokens: number;
  readonly penalty: number;
  readonly frequencyPenalty: number;
  readonly presencePenalty: number;
};

/**
 * Additions to logits. `_biases` is internal to the package, which is pinned: its public `set` leaves out the end tokens, and those are
 * what `min_tokens` is about.
 */
export type TokenBias = { readonly _biases: Map<number, number> };
