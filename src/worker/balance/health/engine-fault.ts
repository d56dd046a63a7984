/** What a failed request says about its engine, and whether another engine may do better. */
import { LlmOpsError } from '../../../errors.ts';
import type { ErrorCode } from '../../../errors.ts';
import type { HealthEvent } from '../health.ts';

/** Faults of the engine, or of its being busy, not of the request. */
const OTHERS_MAY_DO_BETTER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'engine_starting',
  'engine_loading',
  'engine_unavailable',
  'engine_failed',
  'engine_timeout',
  'overloaded',
]);

/** Whether the request may be tried at another engine, as long as nothing was sent to its client. */
export function isEnginesFault(error: unknown): error is LlmOpsError {
  return error instanceof LlmOpsError && OTHERS_MAY_DO_BETTER.has(error.code);
}

/** null: nothing that a look at the engine would not say better. */
export function toHealthEvent(
  { code }: Pick<LlmOpsError, 'code'>,
  facts: { readonly hasProgressed: boolean; readonly isAllSilent: boolean },
): HealthEvent | null {
  if (code === 'engine_unavailable') return { kind: 'lost' };
  if (code === 'engine_failed') return facts.hasProgressed ? null : { kind: 'failed' };
  // One that waited too long while others got something was unlucky in the engine's queue.
  if (code === 'engine_timeout') return facts.isAllSilent ? { kind: 'stalled' } : null;
  return null;
}
