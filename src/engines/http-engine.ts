/** An engine behind HTTP that speaks OpenAI's API: vLLM, llama.cpp's server, our simulator, somebody else's. */
import { z } from 'zod';
import { LlmOpsError } from '../errors.ts';
import { EngineConnection } from './engine-connection.ts';
import { toConnectionError } from './engine-errors.ts';
import type { Engine, EngineState, GenerateCall, ModelCard, Prompt, Sampling } from './engine.ts';
import { EngineTokenizer } from './engine-tokenizer.ts';
import type { ApiProfile } from './profiles.ts';
import { readReply } from './read-reply.ts';
import { TemplateStops } from './template-stops.ts';

export type HttpEngineOptions = {
  /** Without a trailing slash and without `/v1`. */
  readonly url: string;
  readonly profile: ApiProfile;
  /** null: ask the engine once, and use the first model that it lists. */
  readonly model: string | null;
  /** Silence after which the engine counts as broken. There is no limit on the whole answer. */
  readonly idleTimeoutMs: number;
};

const PROBE_TIMEOUT_MS = 2_000;

export class HttpEngine implements Engine {
  readonly #options: HttpEngineOptions;
  readonly #connection: EngineConnection;
  /** null: the engine has no API that counts tokens. */
  readonly #tokenizer: EngineTokenizer | null;
  readonly #templateStops = new TemplateStops();
  #model: string | null;
  #card: ModelCard | null = null;
  #canCount = true;

  constructor(options: HttpEngineOptions) {
    this.#options = options;
    this.#connection = new EngineConnection(options);
    this.#model = options.model;
    const { tokenizer: api } = options.profile;
    this.#tokenizer =
      api === null
        ? null
        : new EngineTokenizer({
            api,
            post: (path, body, signal) => this.#connection.postJson(path, body, signal),
            modelName: (signal) => this.#modelName(signal),
          });
  }

  async generate(call: GenerateCall): Promise<void> {
    try {
      await this.#answer(call).catch((error: unknown) => {
        const isWorthAnother =
          this.#forgetModel(error) || this.#templateStops.learn(error, call.sampling);
        if (!isWorthAnother) throw error;
        return this.#answer(call);
      });
    } catch (cause) {
      call.signal.throwIfAborted();
      const error = toConnectionError(cause, this.#options.url);
      // Whoever measured the prompt by what is remembered was wrong.
      if (error.code === 'context_overflow') this.#forget();
      throw error;
    }
  }

  async countTokens(text: string, signal: AbortSignal): Promise<number> {
    if (this.#tokenizer === null)
      throw new LlmOpsError('unsupported', 'this engine has no API that counts tokens');
    return this.#tokenizer.count(text, true, signal);
  }

  async countPrompt(prompt: Prompt, signal: AbortSignal): Promise<number | null> {
    const tokenizer = this.#tokenizer;
    if (tokenizer === null || !this.#canCount) return null;
    const { withoutSpecialTokens: way } = this.#options.profile;
    try {
      return way.by === 'tokens' && prompt.kind === 'text' && prompt.hasSpecialTokens
        ? (await tokenizer.tokensOf(prompt, signal)).length
        : await tokenizer.countPrompt(prompt, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // An old server, or one behind a proxy that lets only answers through.
      if (error.details['engine_status'] === 404) this.#canCount = false;
      return null;
    }
  }

  async modelCard(signal: AbortSignal): Promise<ModelCard> {
    const reply = await this.#connection.getJson('/v1/models', signal);
    const models = readReply(ModelList, reply).data;
    const card = models.find((model) => model.id === this.#model) ?? models[0];
    if (card === undefined) throw new LlmOpsError('engine_failed', 'the engine lists no model');
    const contextLength = card.max_model_len ?? card.meta?.n_ctx ?? card.meta?.n_ctx_train ?? null;
    this.#card = { id: card.id, contextLength };
    return this.#card;
  }

  async contextLength(signal: AbortSignal): Promise<number | null> {
    // Without a tokenizer nothing can be measured by it.
    if (this.#tokenizer === null) return null;
    try {
      const card = this.#card ?? (await this.modelCard(signal));
      return card.contextLength;
    } catch (error) {
      if (isRefusal(error)) return null;
      throw error;
    }
  }

  async probe(signal: AbortSignal): Promise<EngineState> {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
      const status = await this.#connection.status(this.#options.profile.readyPath, limit);
      if (status === 200) return 'ready';
      this.#forget();
      return 'loading';
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'TimeoutError') return 'silent';
      // A name that was asked for belongs to the process that answered, which is gone.
      this.#model = this.#options.model;
      this.#forget();
      return 'down';
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Whether the engine may not know the name that it was asked with because it has another model since it told that. */
  #forgetModel(error: unknown): boolean {
    if (this.#options.model !== null || !isRefusal(error)) return false;
    if (error.details['engine_status'] !== 404) return false;
    this.#model = null;
    this.#forget();
    return true;
  }

  /** What was learned of the model: the next one may be another. */
  #forget(): void {
    this.#card = null;
    this.#canCount = true;
    this.#tokenizer?.forget();
    this.#templateStops.forget();
  }

  async #answer({ prompt, sampling, sink, signal, requestId }: GenerateCall): Promise<void> {
    const { path, body } = await this.#generationRequest(prompt, sampling, signal);
    const headers: Record<string, string> =
      requestId === undefined ? {} : { 'x-request-id': requestId };
    await this.#connection.stream({ path, body: JSON.stringify(body), headers, sink, signal });
  }

  async #generationRequest(
    prompt: Prompt,
    sampling: Sampling,
    signal: AbortSignal,
  ): Promise<{ path: string; body: Record<string, unknown> }> {
    const { profile } = this.#options;
    // Nothing is waited for that is known.
    const model = this.#model ?? (await this.#modelName(signal));
    const stopTokenIds = [...sampling.stopTokenIds, ...this.#templateStops.known(sampling)];
    const stop = profile.stopsAtTokenIds
      ? sampling.stop
      : [...sampling.stop, ...(await this.#textsOf(sampling, signal))];
    const body = {
      model,
      stream: true,
      ...profile.usageFields,
      max_tokens: sampling.maxNewTokens,
      temperature: sampling.temperature,
      top_p: sampling.topP,
      presence_penalty: sampling.presencePenalty,
      frequency_penalty: sampling.frequencyPenalty,
      ...(stop.length > 0 ? { stop } : {}),
      ...profile.samplingFields({ ...sampling, stopTokenIds }),
    };
    if (prompt.kind === 'chat')
      return { path: '/v1/chat/completions', body: { ...body, messages: prompt.messages } };
    const way = profile.withoutSpecialTokens;
    const fields = !prompt.hasSpecialTokens
      ? { prompt: prompt.text }
      : way.by === 'fields'
        ? { prompt: prompt.text, ...way.fields }
        : { prompt: await this.#tokenizer?.tokensOf(prompt, signal) };
    return { path: '/v1/completions', body: { ...body, ...fields } };
  }

  async #modelName(signal: AbortSignal): Promise<string> {
    this.#model ??= (await this.modelCard(signal)).id;
    return this.#model;
  }

  /** Stop tokens as text, for an engine that stops at texts only. */
  async #textsOf(sampling: Sampling, signal: AbortSignal): Promise<readonly string[]> {
    const tokenizer = this.#tokenizer;
    if (tokenizer === null) return [];
    const texts: string[] = [];
    for (const id of sampling.stopTokenIds) texts.push(await tokenizer.textOf(id, signal));
    for (const id of this.#templateStops.known(sampling)) {
      const text = await tokenizer.textOf(id, signal).catch((error: unknown) => {
        if (!isRefusal(error)) throw error;
        this.#templateStops.drop(id);
        return '';
      });
      texts.push(text);
    }
    return texts.filter((text) => text !== '');
  }
}

/** Whether an engine answered, and would not: as against one that is gone, or silent. */
function isRefusal(error: unknown): error is LlmOpsError {
  return (
    error instanceof LlmOpsError &&
    error.code !== 'engine_unavailable' &&
    error.code !== 'engine_timeout'
  );
}

/** vLLM tells `max_model_len`; llama.cpp has the context of one slot in `meta`. */
const ModelList = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      max_model_len: z.int().nullish(),
      meta: z.object({ n_ctx: z.int().nullish(), n_ctx_train: z.int().nullish() }).nullish(),
    }),
  ),
});
