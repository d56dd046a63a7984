/** How a service's conversations become prompts, as the user wrote it. */
export type TemplateChoice = {
  readonly from: TemplateOrigin;
  /** Leaves control tokens in what clients send (`</s>`, `<|im_end|>`) as they are, so that they end and open turns. */
  readonly allowControlTokens: boolean;
};

export type TemplateOrigin =
  /** The model's own chat template where it is on this machine, else a named one by the model's name, else the engine's. */
  | { readonly kind: 'auto' }
  /** The engine's own chat endpoint renders. */
  | { readonly kind: 'engine' }
  | { readonly kind: 'named'; readonly name: string }
  /** An absolute path: `.yml` is a conversation template, anything else a chat template. */
  | { readonly kind: 'file'; readonly path: string }
  /** A chat template in the file itself. null: the model has its own token, where it is known. */
  | {
      readonly kind: 'chat';
      readonly source: string;
      readonly bosToken: string | null;
      readonly eosToken: string | null;
    };

export const AUTO: TemplateChoice = { from: { kind: 'auto' }, allowControlTokens: false };
