/** An engine's own tokenizer, asked over its API. */
import { z } from 'zod';
import type { Prompt } from './engine.ts';
import { KnownCounts } from './known-counts.ts';
import type { TokenizerApi } from './profiles.ts';
import { readReply } from './read-reply.ts';

export type AskEngine = {
  readonly api: TokenizerApi;
  /** Sends JSON, and resolves with the JSON object that comes back. */
  readonly post: (
    path: string,
    body: object,
    signal: AbortSignal,
  ) => Promise<Readonly<Record<string, unknown>>>;
  readonly modelName: (signal: AbortSignal) => Promise<string>;
};

/** Every question rejects as `post` does, and with `engine_failed` for an answer of unknown shape. */
export class EngineTokenizer {
  readonly #ask: AskEngine;
  readonly #counts = new KnownCounts();
  /** Of prompts that are sent as tokens: counted first, they are not tokenized again. */
  readonly #tokens = new WeakMap<Prompt, readonly number[]>();
  readonly #texts = new Map<number, string>();

  constructor(ask: AskEngine) {
    this.#ask = ask;
  }

  /** The engine may be another one from now on. */
  forget(): void {
    this.#counts.clear();
    this.#texts.clear();
  }

  async count(text: string, addSpecialTokens: boolean, signal: AbortSignal): Promise<number> {
    const reply = await this.#encode(text, addSpecialTokens, signal);
    const count = readReply(z.int(), this.#ask.api.count(reply));
    this.#counts.note({ text, addSpecialTokens }, count);
    return count;
  }

  /** Tokens of a prompt, as the engine gets it. */
  async countPrompt(prompt: Prompt, signal: AbortSignal): Promise<number> {
    if (prompt.kind === 'text') {
      const { text, hasSpecialTokens } = prompt;
      const known = this.#counts.get({ text, addSpecialTokens: !hasSpecialTokens });
      return known ?? (await this.count(text, !hasSpecialTokens, signal));
    }
    const { api, post, modelName } = this.#ask;
    const { messages } = prompt;
    if (api.chat.by === 'messages') {
      const body = api.chat.encodeBody(messages, await modelName(signal));
      return readReply(z.int(), api.count(await post('/tokenize', body, signal)));
    }
    const rendered = await post(api.chat.path, api.chat.renderBody(messages), signal);
    const text = readReply(z.string(), api.chat.text(rendered));
    return readReply(z.int(), api.count(await this.#encode(text, true, signal)));
  }

  /** The tokens of a text that has its special ones; a prompt is asked for once. */
  async tokensOf(
    prompt: Extract<Prompt, { kind: 'text' }>,
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const known = this.#tokens.get(prompt);
    if (known !== undefined) return known;
    const reply = await this.#encode(prompt.text, false, signal);
    const tokens = readReply(z.array(z.int()), this.#ask.api.tokens(reply));
    this.#tokens.set(prompt, tokens);
    return tokens;
  }

  /** The text of a token. */
  async textOf(id: number, signal: AbortSignal): Promise<string> {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const { api, post, modelName } = this.#ask;
    const body = api.decodeBody(id, await modelName(signal));
    const text = readReply(z.string(), api.text(await post('/detokenize', body, signal)));
    this.#texts.set(id, text);
    return text;
  }

  async #encode(
    text: string,
    addSpecialTokens: boolean,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { api, post, modelName } = this.#ask;
    const body = api.encodeBody(text, { model: await modelName(signal), addSpecialTokens });
    return post('/tokenize', body, signal);
  }
}
