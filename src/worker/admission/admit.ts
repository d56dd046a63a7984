/** A request's way in: its place at the service and at the version. */
import type { LiveVersion } from '../live-service.ts';
import type { RequestTrace } from '../request-trace.ts';

/**
 * Resolves, when the request may go to an engine, with the function that gives its place back; it may be called more than once. Rejects
 * with the signal's reason when the client leaves while it waits, without a trace.
 */
export async function admit(
  version: LiveVersion,
  { signal, trace }: { readonly signal: AbortSignal; readonly trace: RequestTrace },
): Promise<() => void> {
  const giveBack = await version.slots.take(signal);
  trace.admittedAt = performance.now();
  return giveBack;
}
