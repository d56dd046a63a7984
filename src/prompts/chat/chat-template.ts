/** A model's own chat template (Jinja), and what it is rendered with. */
export type ChatTemplate = {
  /** Jinja, as in a model's `chat_template`. */
  readonly source: string;
  /** The template for requests with tools, where the model has another one for these (`tool_use`). */
  readonly toolSource?: string | null;
  /** What the template knows as `bos_token`; null: undefined there. */
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  /** Further tokens by their names: `unk_token`, `pad_token`, … */
  readonly otherTokens?: Readonly<Record<string, string>>;
};

/** JSON as the client sent it: a message has `role` and `content`, and whatever else it came with. */
export type ChatRequest = {
  readonly messages: readonly unknown[];
  readonly tools?: readonly unknown[] | null;
  readonly documents?: readonly unknown[] | null;
  readonly addGenerationPrompt: boolean;
  /** Further variables (vLLM's `chat_template_kwargs`); they go before tokens of the same name. */
  readonly variables?: Readonly<Record<string, unknown>>;
};
