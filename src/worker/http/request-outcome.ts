/** How a request ended: for its line in the access log, and for the metrics. */
import type { ServerResponse } from 'node:http';
import type { FinishReason } from '../../engines/engine.ts';
import type { ErrorCode } from '../../errors.ts';
import type { RequestTrace } from '../answer/request-trace.ts';

/**
 * One word of a closed set, so that it can be a label. `stop`, `length`: an answer, complete and sent. `ok`: another reply.
 * `client_left`: before it had all. `reader_stalled`: it was left, because it read nothing for too long. Else the code of the error that
 * the request ended with, whatever its client was told.
 */
export type Outcome = FinishReason | 'ok' | 'client_left' | 'reader_stalled' | ErrorCode;

export type EndedRequest = {
  readonly trace: RequestTrace;
  /** Who was connected: an address. */
  readonly client: string;
  readonly outcome: Outcome;
  /** Of the reply, with its head. */
  readonly bytes: number;
  /** On the clock of the trace. */
  readonly endedAt: number;
};

/** Of a reply that is closed. */
export function outcomeOf(trace: RequestTrace, raw: ServerResponse): Outcome {
  if (trace.error !== null) return trace.error;
  if (!raw.writableFinished) return 'client_left';
  return trace.finishReason ?? 'ok';
}
