/**
 * One error class with a stable code. Two translators turn it into something for its reader: `cli/exit-code.ts` into a message and an
 * exit status, `worker/http-errors.ts` into an HTTP reply. Callers compare `code`, never the message.
 */
export type ErrorCode =
  // the command line and what it runs
  | 'usage'
  | 'config_invalid'
  | 'gpu_shortage'
  | 'file_exists'
  | 'path_refused'
  | 'port_in_use'
  | 'docker_unavailable'
  | 'docker_failed'
  | 'engine_missing'
  | 'already_running'
  | 'not_running'
  | 'start_failed'
  // where models come from
  | 'model_not_found'
  | 'model_gated'
  | 'model_not_here'
  | 'model_corrupt'
  | 'model_in_use'
  | 'hub_unreachable'
  | 'hub_failed'
  | 'disk_full'
  | 'pip_failed'
  // the worker's HTTP surface
  | 'invalid_request'
  | 'param_out_of_range'
  | 'context_overflow'
  | 'template_failed'
  | 'model_mismatch'
  | 'unknown_service'
  | 'not_found'
  | 'method_not_allowed'
  | 'body_too_large'
  | 'token_missing'
  | 'token_invalid'
  | 'forbidden'
  | 'engine_starting'
  | 'engine_loading'
  | 'engine_unavailable'
  | 'worker_unavailable'
  | 'engine_failed'
  | 'engine_timeout'
  | 'overloaded'
  | 'queue_timeout'
  | 'unsupported'
  | 'stopping'
  | 'internal';

export type ErrorFacts = {
  /** What the reader can do about it, one sentence. */
  readonly hint?: string;
  /** The request field or configuration path at fault. */
  readonly param?: string;
  /** Facts for programs; printed by `--json` and put into HTTP bodies. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
};

export class LlmOpsError extends Error {
  override readonly name = 'LlmOpsError';
  readonly code: ErrorCode;
  readonly hint: string | null;
  readonly param: string | null;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.hint = facts.hint ?? null;
    this.param = facts.param ?? null;
    this.details = facts.details ?? {};
  }
}
