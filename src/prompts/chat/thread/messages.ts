/** What the two sides of a rendering thread send each other. */
export type ThreadData = { readonly memoryBytes: number };

export type RenderOrder = {
  readonly source: string;
  /** JSON; a name whose value is undefined is undefined for the template. */
  readonly variables: Readonly<Record<string, unknown>>;
};

/** `null` is the thread's first word: it is ready. */
export type ThreadReply = { readonly text: string } | { readonly reason: string } | null;
