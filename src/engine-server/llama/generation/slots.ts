import { Admission } from '../../core/admission.ts';
import type { Sequence } from '../native/package-api.ts';

export type Slots = {
  /** A free slot, as soon as there is one, in the order of the calls. The caller must give it back. Rejects when the signal aborts. */
  acquire(prompt: readonly number[], signal: AbortSignal): Promise<Sequence>;
  release(slot: Sequence): void;
};

/** A beginning shorter than this part of the prompt is not worth the longer state that a slot would lose for it. */
const LEAST_SHARE = 0.1;

/**
 * The slots of a context. Each remembers the tokens of its last request, and what a prompt shares with them need not be computed again: so
 * the free slot with the longest such beginning is taken, and without one the slot that has been free for longest.
 */
export function createSlots(sequences: readonly Sequence[]): Slots {
  const admission = new Admission(sequences.length);
  /** The one that has been free for longest comes first. */
  const free = [...sequences];

  return {
    async acquire(prompt, signal) {
      await admission.acquire(signal);
      if (signal.aborted) {
        admission.release();
        signal.throwIfAborted();
      }
      const [slot] = free.splice(bestOf(free, prompt), 1);
      if (slot === undefined) throw new Error('a place was given without a free slot');
      return slot;
    },
    release(slot) {
      free.push(slot);
      admission.release();
    },
  };
}

function bestOf(free: readonly Sequence[], prompt: readonly number[]): number {
  const shared = free.map((slot) =>
    Math.min(slot.compareContextTokens(prompt).firstDifferentIndex, prompt.length),
  );
  const longest = Math.max(...shared);
  return longest < prompt.length * LEAST_SHARE ? 0 : shared.indexOf(longest);
}
