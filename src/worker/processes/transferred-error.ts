/** An error on its way to another process: what its reader is told stays the same. */
import { LlmOpsError } from '../../errors.ts';
import type { ErrorCode } from '../../errors.ts';

export type TransferredError = {
  /** null: it is none of ours. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string | null;
  readonly param: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  /** The message of its cause, for the log. */
  readonly cause: string | null;
};

export function transferError(error: unknown): TransferredError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : null;
  if (error instanceof LlmOpsError) {
    const { code, message, hint, param, details } = error;
    return { code, message, hint, param, details, cause };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: null, message, hint: null, param: null, details: {}, cause };
}

export function receiveError({
  code,
  message,
  hint,
  param,
  details,
  cause,
}: TransferredError): Error {
  const because = cause === null ? {} : { cause: new Error(cause) };
  if (code === null) return new Error(message, because);
  return new LlmOpsError(code, message, {
    ...(hint !== null && { hint }),
    ...(param !== null && { param }),
    details,
    ...because,
  });
}
