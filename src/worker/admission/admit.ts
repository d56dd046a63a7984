/** A request's way in: its place at the service, then its place at the version. */
import type { RequestTrace } from '../answer/request-trace.ts';
import type { Slots } from './slots.ts';

type Place = { readonly slots: Slots };

type Places = {
  readonly service: Place;
  readonly version: Place;
};

/**
 * Throws `overloaded` when there is no room to wait in. For who has work to do before it asks for a place, such as rendering a prompt: it
 * holds no room, so `admit` may still refuse.
 */
export function refuseIfFull({ service, version }: Places): void {
  service.slots.refuseIfFull();
  version.slots.refuseIfFull();
}

/**
 * Resolves, when the request may go to an engine, with the function that gives its places back; it may be called more than once. Rejects
 * with `overloaded` and `queue_timeout`, and with the signal's reason when the client leaves while it waits, without a trace. All take
 * their places in the same order, and nobody asks for a second one of a kind, so nobody waits for who waits for him.
 */
export async function admit(
  { service, version }: Places,
  {
    signal,
    trace,
  }: {
    readonly signal: AbortSignal;
    readonly trace: Pick<RequestTrace, 'queuedAt' | 'admittedAt'>;
  },
): Promise<() => void> {
  trace.queuedAt ??= performance.now();
  const leaveService = await service.slots.take(signal);
  try {
    const leaveVersion = await version.slots.take(signal);
    trace.admittedAt = performance.now();
    return () => {
      leaveVersion();
      leaveService();
    };
  } catch (error) {
    leaveService();
    throw error;
  }
}
