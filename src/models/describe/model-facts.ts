/** What a model is, as its own files say it. null: they do not say. */
export type ModelFacts = {
  /** As the files call it: `llama` in a GGUF, `LlamaForCausalLM` in a config.json. */
  readonly architecture: string | null;
  readonly parameters: number | null;
  /** Tokens. */
  readonly contextLength: number | null;
  /** `Q4_K_M`, `BF16`, `awq (4 bits)`. */
  readonly quantization: string | null;
  readonly chatTemplate: ChatTemplate | null;
  readonly files: readonly ModelFile[];
  /** Of all files. */
  readonly bytes: number;
  readonly memory: MemoryNeed;
};

export type ChatTemplate = {
  readonly text: string;
  readonly from: 'GGUF metadata' | 'tokenizer_config.json' | 'chat_template.jinja';
};

export type ModelFile = {
  /** Relative to the model's directory. */
  readonly name: string;
  readonly bytes: number;
};

/** What an engine holds at least; its own buffers come on top. */
type MemoryNeed = {
  readonly weightsBytes: number;
  /** null: the files do not say enough, or the model keeps no such cache (state space models). */
  readonly kvCache: KvCacheNeed | null;
};

export type KvCacheNeed = {
  readonly bytesPerToken: number;
  /** The context that is assumed: the model's own, but at most `MOST_CONTEXT_TOKENS`. */
  readonly contextTokens: number;
  /** Of one full context. */
  readonly bytes: number;
};
