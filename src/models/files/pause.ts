import { setTimeout as sleep } from 'node:timers/promises';

/** Throws the signal's own reason, where Node's timer throws its AbortError. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
