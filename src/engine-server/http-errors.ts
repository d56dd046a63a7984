import { STATUS_CODES } from 'node:http';

import { type ErrorCode, LlmOpsError } from '../errors.ts';

export type ErrorReply = {
  readonly status: number;
  readonly body: {
    readonly error: {
      readonly message: string;
      readonly type: string;
      readonly param: string | null;
      readonly code: number;
    };
  };
};

// Types as vLLM 0.32 writes them. `Bad Request`, with a space, is what its request validator says; its own checks say `BadRequestError`.
const REPLIES: Partial<Record<ErrorCode, readonly [status: number, type: string]>> = {
  invalid_request: [400, 'Bad Request'],
  usage: [400, 'Bad Request'],
  param_out_of_range: [400, 'BadRequestError'],
  context_overflow: [400, 'BadRequestError'],
  model_mismatch: [404, 'NotFoundError'],
  body_too_large: [413, 'Request Entity Too Large'],
  engine_failed: [500, 'InternalServerError'],
  engine_loading: [503, 'ServiceUnavailableError'],
  engine_unavailable: [503, 'ServiceUnavailableError'],
};

// Of those above that vLLM gives to an exception, not to its validator; any other status has HTTP's own words for a type.
const TYPES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  404: 'NotFoundError',
  500: 'InternalServerError',
  503: 'ServiceUnavailableError',
};

/** An error with a status of somebody's choice, as the fault `status` wants it. */
export function toInjectedReply(status: number, words: string | undefined): ErrorReply {
  const phrase = STATUS_CODES[status] ?? 'Unknown Error';
  const type = TYPES[status] ?? phrase;
  return {
    status,
    body: { error: { message: words ?? `${phrase}.`, type, param: null, code: status } },
  };
}

/** vLLM's error body, `{"error": {message, type, param, code}}` with the HTTP status as the code. */
export function toErrorReply(error: unknown): ErrorReply {
  const known = toLlmOpsError(error);
  const [status, type] = REPLIES[known.code] ?? [500, 'InternalServerError'];
  return {
    status,
    body: { error: { message: known.message, type, param: known.param, code: status } },
  };
}

function toLlmOpsError(error: unknown): LlmOpsError {
  if (error instanceof LlmOpsError) return error;
  if (!(error instanceof Error)) return new LlmOpsError('internal', String(error));
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413) return new LlmOpsError('body_too_large', error.message);
  // What Fastify finds wrong before a route sees the request: a body of another type.
  if (status === 415 || status === 400) {
    const problem =
      status === 400 ? error.message : "Unsupported Media Type: Only 'application/json' is allowed";
    return new LlmOpsError('invalid_request', `1 validation error:\n  ${problem}`);
  }
  return new LlmOpsError('internal', error.message, { cause: error });
}
