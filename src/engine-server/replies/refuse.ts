import { LlmOpsError } from '../../errors.ts';
import type { Job } from '../core/job.ts';
import type { Failure } from '../core/stats.ts';
import { type ErrorReply, toErrorReply, toInjectedReply } from '../http-errors.ts';

export type Refusal = { readonly why: Failure; readonly reply: ErrorReply };

/** What is said instead of text, by a fault or because too many wait; null: nothing speaks against an answer. */
export function toRefusal(job: Job): Refusal | null {
  const { refuse, status, message } = job.faults;
  if (refuse === true) {
    return { why: 'refuse', reply: unavailable('The engine takes no requests at the moment.') };
  }
  if (status !== undefined) return { why: 'status', reply: toInjectedReply(status, message) };
  if (!job.hasNoRoom()) return null;
  return { why: 'queue_full', reply: unavailable('Too many requests wait for the engine.') };
}

function unavailable(words: string): ErrorReply {
  return toErrorReply(new LlmOpsError('engine_unavailable', words));
}
