import type { LlmOpsError } from '../../../errors.ts';
import { pause } from '../../files/pause.ts';
import type { PullLimits } from '../../pull-limits.ts';

/** How an attempt went. What cannot pass by itself it throws. */
export type Attempt<T> =
  | { readonly isDone: true; readonly value: T }
  | {
      readonly isDone: false;
      /** Thrown when this was the last attempt. */
      readonly error: LlmOpsError;
      /** What the server asked for, 0: nothing. */
      readonly pauseMs: number;
      /** It brought something, so the count of failures begins anew. */
      readonly hasProgress: boolean;
    };

// A server that asks for hours is taken at its word for a minute.
const LONGEST_MS = 60_000;

/** Tries again with growing pauses. Throws the last attempt's error, or the signal's reason. */
export async function persist<T>(
  limits: PullLimits,
  signal: AbortSignal,
  attempt: () => Promise<Attempt<T>>,
): Promise<T> {
  let failures = 0;
  for (;;) {
    const outcome = await attempt();
    if (outcome.isDone) return outcome.value;
    if (outcome.hasProgress) failures = 0;
    const pauseMs = limits.pausesMs[failures];
    if (pauseMs === undefined) throw outcome.error;
    failures += 1;
    await pause(Math.max(pauseMs, Math.min(outcome.pauseMs, LONGEST_MS)), signal);
  }
}

/** `Retry-After` in ms; 0 when there is none, or a date. */
export function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.max(seconds, 0) * 1000 : 0;
}
