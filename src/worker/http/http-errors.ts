/** LlmOpsError → HTTP: status, FastChat's error number, and one body that clients of OpenAI and of FastChat both understand. */
import type { FastifyBaseLogger } from 'fastify';
import { LlmOpsError } from '../../errors.ts';
import type { ErrorCode } from '../../errors.ts';

export type HttpError = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ErrorBody;
};

export type ErrorBody = {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly param: string | null;
  };
  /** FastChat's number (its `ErrorCode`). */
  readonly error_code: number;
  readonly error_message: string;
  readonly [detail: string]: unknown;
};

type Row = {
  readonly status: number;
  readonly number: number;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
};

const REQUEST = 'invalid_request_error';
const SERVER = 'server_error';

/** RFC 6750 §3: what is to be sent, and that it was sent but is no good. */
const CHALLENGE = { 'www-authenticate': 'Bearer' };
const REFUSAL = { 'www-authenticate': 'Bearer error="invalid_token"' };

const TABLE: Readonly<Partial<Record<ErrorCode, Row>>> = {
  invalid_request: { status: 400, number: 40001, type: REQUEST },
  param_out_of_range: { status: 400, number: 40302, type: REQUEST },
  context_overflow: { status: 400, number: 40303, type: REQUEST },
  template_failed: { status: 400, number: 40001, type: 'BadRequestError' },
  model_mismatch: { status: 400, number: 40301, type: REQUEST },
  token_missing: { status: 401, number: 40101, type: 'authentication_error', headers: CHALLENGE },
  token_invalid: { status: 401, number: 40102, type: 'authentication_error', headers: REFUSAL },
  forbidden: { status: 403, number: 40103, type: 'permission_error' },
  unknown_service: { status: 404, number: 40301, type: 'not_found_error' },
  not_found: { status: 404, number: 40301, type: 'not_found_error' },
  method_not_allowed: { status: 405, number: 40001, type: REQUEST },
  body_too_large: { status: 413, number: 40302, type: REQUEST },
  overloaded: { status: 429, number: 42903, type: 'overloaded_error' },
  queue_timeout: { status: 503, number: 42903, type: 'overloaded_error' },
  unsupported: { status: 501, number: 50001, type: SERVER },
  engine_starting: { status: 503, number: 50005, type: SERVER },
  engine_loading: { status: 503, number: 50005, type: SERVER },
  engine_unavailable: { status: 503, number: 50005, type: SERVER },
  worker_unavailable: { status: 503, number: 50005, type: SERVER },
  stopping: { status: 503, number: 50005, type: SERVER },
  engine_failed: { status: 502, number: 50001, type: SERVER },
  engine_timeout: { status: 504, number: 50006, type: SERVER },
};

const INTERNAL: Row = { status: 500, number: 50001, type: SERVER };

/** Anything thrown → its reply. What we did not throw ourselves is a 500 that tells nothing of our inside. */
export function toHttpError(error: unknown): HttpError {
  const known = error instanceof LlmOpsError ? error : toKnown(error);
  const row = TABLE[known.code] ?? INTERNAL;
  const message = known.hint === null ? known.message : `${known.message}: ${known.hint}`;
  const { retry_after_s: retryAfterS, ...details } = known.details;
  return {
    status: row.status,
    headers: {
      ...row.headers,
      ...(typeof retryAfterS === 'number' && { 'retry-after': String(retryAfterS) }),
    },
    body: {
      error: { message, type: row.type, code: known.code, param: known.param },
      error_code: row.number,
      error_message: message,
      ...details,
    },
  };
}

/** Tells what failed: an engine's trouble in one line, an error of our own with its stack. */
export function logFailure(log: FastifyBaseLogger, error: unknown): void {
  if (!(error instanceof LlmOpsError)) log.error({ err: error }, 'internal error');
  else if (error.details['retry_after_s'] !== undefined)
    log.debug({ code: error.code }, error.message);
  else {
    const cause = error.cause instanceof Error ? error.cause.message : undefined;
    log.warn({ code: error.code, cause }, error.message);
  }
}

/** Fastify's own errors of a body that it could not take. */
function toKnown(error: unknown): LlmOpsError {
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (status === 413) return new LlmOpsError('body_too_large', 'the body is too large');
  if (status !== null && status >= 400 && status < 500)
    return new LlmOpsError('invalid_request', message);
  return new LlmOpsError('internal', 'internal error');
}

function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}
