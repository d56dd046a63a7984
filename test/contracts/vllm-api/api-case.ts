/** One request to vLLM's own API, whose reply is compared with the one recorded from the real vLLM. */

export type ApiRequest = {
  readonly path: string;
  /** Sent as JSON by POST; without it and without `raw` the request is a GET. */
  readonly body?: unknown;
  /** The body as it stands. */
  readonly raw?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** What a case may need of the engine: found out by asking it. */
export type Known = {
  readonly model: string;
  /** Tokens of prompt and answer together. */
  readonly contextLength: number;
  /** Some text that stands within the greedy answer to `PROMPT`, behind its first tokens. */
  readonly stop: string;
  /** A token of the greedy answer to `PROMPT`, behind its first one. */
  readonly stopTokenId: number;
};

export type ApiCase = {
  readonly name: string;
  readonly request: (known: Known) => ApiRequest;
  /** Compares also the fields that are null and say nothing. */
  readonly withFillers?: true;
};

/** The prompt whose greedy answer is known. */
export const PROMPT = 'The capital of France';

/** Twice as many words as the context has tokens. */
export function tooLong({ contextLength }: Known): string {
  return 'word '.repeat(contextLength * 2);
}

/** `POST` of a JSON body, with the model's name in front. */
export function post(path: string, body: Readonly<Record<string, unknown>>): ApiCase['request'] {
  return ({ model }) => ({ path, body: { model, ...body } });
}

/** A greedy completion of a few tokens, with fields of the case's own on top. */
export function completion(fields: Readonly<Record<string, unknown>> = {}): ApiCase['request'] {
  return post('/v1/completions', { prompt: PROMPT, max_tokens: 6, temperature: 0, ...fields });
}

/** A greedy chat of a few tokens, with fields of the case's own on top. */
export function chat(fields: Readonly<Record<string, unknown>> = {}): ApiCase['request'] {
  const messages = [{ role: 'user', content: 'Who are you?' }];
  return post('/v1/chat/completions', { messages, max_tokens: 6, temperature: 0, ...fields });
}
