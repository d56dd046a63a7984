/** An engine behind HTTP that speaks OpenAI's API: vLLM, llama.cpp's server, our simulator, somebody else's. */
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { LlmOpsError } from '../errors.ts';
import { AnswerHandler } from './answer-handler.ts';
import { isClosedConnection, toConnectionError, toEngineError } from './engine-errors.ts';
import type {
  DeltaSink,
  Engine,
  EngineState,
  GenerateCall,
  ModelCard,
  Prompt,
  Sampling,
} from './engine.ts';
import type { ApiProfile } from './profiles.ts';

export type HttpEngineOptions = {
  /** Without a trailing slash and without `/v1`. */
  readonly url: string;
  readonly profile: ApiProfile;
  /** null: ask the engine once, and use the first model that it lists. */
  readonly model: string | null;
  /** Silence after which the engine counts as broken. There is no limit on the whole answer. */
  readonly idleTimeoutMs: number;
};

const CONNECT_TIMEOUT_MS = 5_000;
const PROBE_TIMEOUT_MS = 2_000;

export class HttpEngine implements Engine {
  readonly #options: HttpEngineOptions;
  readonly #path: string;
  readonly #pool: Pool;
  readonly #stopTexts = new Map<number, string>();
  #model: string | null;

  constructor(options: HttpEngineOptions) {
    const url = new URL(options.url);
    this.#options = options;
    this.#path = url.pathname.replace(/\/$/, '');
    this.#model = options.model;
    this.#pool = new Pool(url.origin, {
      connections: null,
      // One request at a time on a connection: closing it aborts exactly that request.
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      // A busy engine may not even send headers before a slot is free, so this is silence too.
      headersTimeout: options.idleTimeoutMs,
      bodyTimeout: options.idleTimeoutMs,
    });
  }

  async generate({ prompt, sampling, sink, signal }: GenerateCall): Promise<void> {
    try {
      const { path, body } = await this.#generationRequest(prompt, sampling, signal);
      await this.#stream({ path, body: JSON.stringify(body), sink, signal });
    } catch (cause) {
      signal.throwIfAborted();
      throw toConnectionError(cause, this.#options.url);
    }
  }

  async countTokens(text: string, signal: AbortSignal): Promise<number> {
    const tokenizer = this.#options.profile.tokenizer;
    if (tokenizer === null)
      throw new LlmOpsError('unsupported', 'this engine has no API that counts tokens');
    const model = await this.#modelName(signal);
    const reply = await this.#postJson('/tokenize', tokenizer.encodeBody(text, model), signal);
    return read(z.int(), tokenizer.count(reply));
  }

  async modelCard(signal: AbortSignal): Promise<ModelCard> {
    const reply = await this.#requestJson({ method: 'GET', path: '/v1/models', signal });
    const models = read(ModelList, reply).data;
    const card = models.find((model) => model.id === this.#model) ?? models[0];
    if (card === undefined) throw new LlmOpsError('engine_failed', 'the engine lists no model');
    const contextLength = card.max_model_len ?? card.meta?.n_ctx ?? card.meta?.n_ctx_train ?? null;
    return { id: card.id, contextLength };
  }

  async probe(signal: AbortSignal): Promise<EngineState> {
    try {
      const reply = await this.#pool.request({
        method: 'GET',
        path: this.#path + this.#options.profile.readyPath,
        signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]),
      });
      await reply.body.dump();
      return reply.statusCode === 200 ? 'ready' : 'loading';
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'TimeoutError') return 'silent';
      // A name that was asked for belongs to the process that answered, which is gone.
      this.#model = this.#options.model;
      return 'down';
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #generationRequest(
    prompt: Prompt,
    sampling: Sampling,
    signal: AbortSignal,
  ): Promise<{ path: string; body: Record<string, unknown> }> {
    const { profile } = this.#options;
    const model = await this.#modelName(signal);
    const stop = profile.stopsAtTokenIds
      ? sampling.stop
      : [...sampling.stop, ...(await this.#textsOf(sampling.stopTokenIds, signal))];
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
      ...profile.samplingFields(sampling),
    };
    if (prompt.kind === 'chat')
      return { path: '/v1/chat/completions', body: { ...body, messages: prompt.messages } };
    const fields = prompt.hasSpecialTokens
      ? await this.#asItIs(prompt.text, signal)
      : { prompt: prompt.text };
    return { path: '/v1/completions', body: { ...body, ...fields } };
  }

  async #asItIs(text: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const way = this.#options.profile.withoutSpecialTokens;
    if (way.by === 'fields') return { prompt: text, ...way.fields };
    const reply = await this.#postJson('/tokenize', way.encodeBody(text), signal);
    return { prompt: read(z.array(z.int()), way.tokens(reply)) };
  }

  async #modelName(signal: AbortSignal): Promise<string> {
    this.#model ??= (await this.modelCard(signal)).id;
    return this.#model;
  }

  async #textsOf(ids: readonly number[], signal: AbortSignal): Promise<readonly string[]> {
    const tokenizer = this.#options.profile.tokenizer;
    if (tokenizer === null || ids.length === 0) return [];
    const model = await this.#modelName(signal);
    for (const id of ids.filter((each) => !this.#stopTexts.has(each))) {
      const reply = await this.#postJson('/detokenize', tokenizer.decodeBody(id, model), signal);
      this.#stopTexts.set(id, read(z.string(), tokenizer.text(reply)));
    }
    return ids.map((id) => this.#stopTexts.get(id) ?? '').filter((text) => text !== '');
  }

  /** Asks again where a kept connection closed before any reply. */
  #stream(request: StreamRequest): Promise<void> {
    return this.#attempt(request).catch((failure: unknown) => {
      if (!(failure instanceof ClosedBeforeReply) || request.signal.aborted) throw failure;
      return this.#attempt(request);
    });
  }

  async #attempt({ path, body, sink, signal }: StreamRequest): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const handler = new AnswerHandler({
      sink,
      idleTimeoutMs: this.#options.idleTimeoutMs,
      end: {
        resolve: () => resolve(undefined),
        reject: (error, { hasBegun }) => {
          const isRetryable = !hasBegun && isClosedConnection(error);
          reject(isRetryable ? new ClosedBeforeReply(error) : (error as Error));
        },
      },
    });
    const leave = (): void => handler.abort(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    try {
      this.#pool.dispatch(
        {
          method: 'POST',
          path: this.#path + path,
          headers: { 'content-type': 'application/json' },
          body,
        },
        handler,
      );
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #postJson(path: string, body: object, signal: AbortSignal): Promise<JsonObject> {
    return this.#requestJson({ method: 'POST', path, body, signal });
  }

  async #requestJson(request: {
    method: 'GET' | 'POST';
    path: string;
    body?: object;
    signal: AbortSignal;
  }): Promise<JsonObject> {
    try {
      const reply = await this.#request(request);
      return read(JsonObject, await reply.body.json());
    } catch (cause) {
      request.signal.throwIfAborted();
      throw toConnectionError(cause, this.#options.url);
    }
  }

  async #request(request: {
    method: 'GET' | 'POST';
    path: string;
    body?: object;
    signal: AbortSignal;
  }): Promise<Dispatcher.ResponseData> {
    const { method, path, body, signal } = request;
    const options = {
      method,
      path: this.#path + path,
      signal,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    };
    const reply = await this.#pool.request(options).catch((cause: unknown) => {
      if (signal.aborted || !isClosedConnection(cause)) throw cause;
      return this.#pool.request(options);
    });
    if (reply.statusCode === 200) return reply;
    throw toEngineError(reply.statusCode, await reply.body.text());
  }
}

type StreamRequest = {
  readonly path: string;
  readonly body: string;
  readonly sink: DeltaSink;
  readonly signal: AbortSignal;
};

/** Carries the failure of a connection that closed before a word of reply. */
class ClosedBeforeReply extends Error {
  constructor(cause: unknown) {
    super('the connection closed before any reply', { cause });
  }
}

function read<T>(shape: z.ZodType<T>, value: unknown): T {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new LlmOpsError('engine_failed', 'the engine sent an answer of unknown shape', {
    cause: parsed.error,
  });
}

const JsonObject = z.record(z.string(), z.unknown());
type JsonObject = z.infer<typeof JsonObject>;

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
