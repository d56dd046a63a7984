/** The connections to one engine: JSON in question and answer, and answers that stream. Knows nothing of what is asked. */
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { AnswerHandler } from './stream/answer-handler.ts';
import { isClosedConnection, toConnectionError, toEngineError } from './engine-errors.ts';
import type { DeltaSink } from './engine.ts';
import { connectEngine } from './engine-socket.ts';
import { readReply } from './read-reply.ts';
import { compileParser } from './undici-parser.ts';
import { Pool } from './undici-pool.ts';

const CONNECT_TIMEOUT_MS = 5_000;

export class EngineConnection {
  readonly #url: string;
  readonly #path: string;
  readonly #idleTimeoutMs: number;
  readonly #pool: InstanceType<typeof Pool>;

  /** `url` without a trailing slash. Connects when it is first used. */
  constructor({ url, idleTimeoutMs }: { readonly url: string; readonly idleTimeoutMs: number }) {
    const { origin, pathname, protocol } = new URL(url);
    this.#url = url;
    this.#path = pathname.replace(/\/$/, '');
    this.#idleTimeoutMs = idleTimeoutMs;
    compileParser();
    this.#pool = new Pool(origin, {
      connections: null,
      // One request at a time on a connection: closing it aborts exactly that request.
      pipelining: 1,
      connect:
        protocol === 'http:' ? connectEngine(CONNECT_TIMEOUT_MS) : { timeout: CONNECT_TIMEOUT_MS },
      // A busy engine may not even send headers before a slot is free, so this is silence too.
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
    });
  }

  /**
   * The status of a reply whose body does not matter. Asks again where a kept connection closed before any reply. Rejects with undici's own
   * errors, and with the signal's reason.
   */
  async status(path: string, signal: AbortSignal): Promise<number> {
    // The signal is the only limit: an answer's idle limit may be shorter than the patience of who looks.
    const limits = { headersTimeout: 0, bodyTimeout: 0 };
    const request = { method: 'GET', path: this.#path + path, signal, ...limits } as const;
    const reply = await this.#twice(request);
    await reply.body.dump();
    return reply.statusCode;
  }

  /** Rejects with LlmOpsErrors, and with the signal's reason. */
  async getJson(path: string, signal: AbortSignal): Promise<JsonObject> {
    return this.#requestJson({ method: 'GET', path, signal });
  }

  /** The same. */
  async postJson(path: string, body: object, signal: AbortSignal): Promise<JsonObject> {
    return this.#requestJson({ method: 'POST', path, body, signal });
  }

  /** An answer into a sink. Asks again where a kept connection closed before any reply. Rejects with undici's own errors too. */
  stream(request: StreamRequest): Promise<void> {
    return this.#attempt(request).catch((failure: unknown) => {
      if (!(failure instanceof ClosedBeforeReply) || request.signal.aborted) throw failure;
      return this.#attempt(request);
    });
  }

  async #attempt({ path, body, headers, sink, signal }: StreamRequest): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const handler = new AnswerHandler({
      sink,
      idleTimeoutMs: this.#idleTimeoutMs,
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
          headers: { 'content-type': 'application/json', ...headers },
          body,
        },
        handler,
      );
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  async #requestJson(request: {
    method: 'GET' | 'POST';
    path: string;
    body?: object;
    signal: AbortSignal;
  }): Promise<JsonObject> {
    try {
      const reply = await this.#request(request);
      return readReply(JsonObject, await reply.body.json());
    } catch (cause) {
      request.signal.throwIfAborted();
      throw toConnectionError(cause, this.#url);
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
    const reply = await this.#twice(options);
    if (reply.statusCode === 200) return reply;
    throw toEngineError(reply.statusCode, await reply.body.text());
  }

  /** Once more where a kept connection closed before any reply. */
  #twice(
    options: Dispatcher.RequestOptions & { signal: AbortSignal },
  ): Promise<Dispatcher.ResponseData> {
    return this.#pool.request(options).catch((cause: unknown) => {
      if (options.signal.aborted || !isClosedConnection(cause)) throw cause;
      return this.#pool.request(options);
    });
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

type StreamRequest = {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sink: DeltaSink;
  readonly signal: AbortSignal;
};

/** Carries the failure of a connection that closed before a word of reply. */
class ClosedBeforeReply extends Error {
  constructor(cause: unknown) {
    super('the connection closed before any reply', { cause });
  }
}

const JsonObject = z.record(z.string(), z.unknown());
type JsonObject = z.infer<typeof JsonObject>;
