/** What an engine's refusal, or a broken connection to it, means for our caller. */
import { LlmOpsError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

/**
 * An HTTP reply that is not 200. Accepts every shape seen: `{error: {message, …}}` (vLLM, llama.cpp, OpenAI), `{error: "text"}` (vLLM's 401,
 * TGI), flat `{message}` (SGLang, old vLLM), `{detail}` (FastAPI), and plain text.
 */
export function toEngineError(status: number, body: string): LlmOpsError {
  const { message, param, type } = readErrorBody(body);
  const text = message ?? `the engine answered with HTTP ${status}`;
  return new LlmOpsError(codeOf({ status, text, type, param }), text, {
    ...(param === null ? {} : { param }),
    details: { engine_status: status },
  });
}

/**
 * An `error` event in a stream that had begun: the engine died or gave up, whatever it says. Unless it says that the request was at fault:
 * vLLM 0.32 looks at some fields (`stop_token_ids`) only when the status line of a stream is out, and has the status in the event.
 */
export function toStreamError(event: Readonly<Record<string, unknown>>): LlmOpsError {
  const text = JSON.stringify(event);
  const status = isObject(event['error']) ? event['error']['code'] : null;
  if (typeof status === 'number' && status >= 400 && status < 500)
    return toEngineError(status, text);
  const { message } = readErrorBody(text);
  return new LlmOpsError('engine_failed', message ?? 'the engine reported an error in the stream');
}

/** An exception of the connection. Our own errors pass through as they are. */
export function toConnectionError(cause: unknown, url: string): LlmOpsError {
  if (cause instanceof LlmOpsError) return cause;
  const code = codeProperty(cause);
  if (code !== null && NOTHING_LISTENS.has(code)) {
    return new LlmOpsError('engine_unavailable', `no engine answers at ${url}`, { cause });
  }
  if (code !== null && TOO_LATE.has(code)) {
    return new LlmOpsError('engine_timeout', 'the engine was silent for too long', { cause });
  }
  return new LlmOpsError('engine_failed', 'the connection to the engine broke', { cause });
}

/**
 * A connection that ended before any reply. Servers close those that are idle (llama.cpp's after 5 s), perhaps while we are writing to one:
 * asking again costs nothing but what was not answered.
 */
export function isClosedConnection(cause: unknown): boolean {
  const code = codeProperty(cause);
  return code !== null && CLOSED.has(code);
}

const CLOSED = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

const NOTHING_LISTENS = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const TOO_LATE = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

// Wordings of vLLM, SGLang and llama.cpp for a prompt, or prompt and answer, beyond the context. The last is vLLM 0.32's where a prompt
// leaves no room at all; we never ask for 0 tokens.
const OVERFLOW =
  /maximum context length|greater than max_model_len|context length is only|exceeds? (the )?(model's )?(maximum |available )?context|maximum model length|available context size|model's context length|max_tokens must be at least 1, got 0/i;

function codeOf(reply: {
  status: number;
  text: string;
  type: string | null;
  param: string | null;
}): ErrorCode {
  if (reply.status === 400 || reply.status === 422 || reply.status === 413) {
    if (reply.type === 'exceed_context_size_error' || reply.param === 'input_tokens')
      return 'context_overflow';
    return OVERFLOW.test(reply.text) ? 'context_overflow' : 'invalid_request';
  }
  if (reply.status === 429) return 'overloaded';
  if (reply.status === 503) return 'engine_loading';
  return 'engine_failed';
}

function readErrorBody(body: string): {
  message: string | null;
  param: string | null;
  type: string | null;
} {
  const parsed = parseObject(body);
  if (parsed === null) {
    const text = body.trim().slice(0, 500);
    return { message: text === '' ? null : text, param: null, type: null };
  }
  const inner = parsed['error'];
  if (typeof inner === 'string') return { message: inner, param: null, type: null };
  const source = isObject(inner) ? inner : parsed;
  return {
    message: textOf(source['message']) ?? textOf(source['detail']),
    param: textOf(source['param']),
    type: textOf(source['type']),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function codeProperty(cause: unknown): string | null {
  if (!(cause instanceof Error)) return null;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  // Node tries IPv6 and IPv4 at once and reports both failures together.
  if (cause instanceof AggregateError) return codeProperty(cause.errors[0]);
  return codeProperty(cause.cause);
}
