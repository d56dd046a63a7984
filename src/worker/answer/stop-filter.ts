/** Ends a text at the first stop string, however it is cut into pieces, and lets no part of one out. */

type Filtered = {
  /** What may be told now. */
  readonly text: string;
  /** Whether a stop string ended the text: nothing follows. */
  readonly isEnd: boolean;
};

export type StopFilter = {
  readonly push: (piece: string) => Filtered;
  /** What was held back, when the text ends by itself: no stop string came of it. FastChat loses this. */
  readonly flush: () => string;
};

/**
 * Engines look for stop strings themselves; this holds for those that do it by halves (leave the string in, or tell the part of it that came
 * with an earlier token). Held back is the longest end of the text that a stop string begins with, no more.
 *
 * The stop string that is complete first ends the text, the longest one when several are complete at the same character: a rule about the
 * text alone, so the pieces in which it comes change nothing. Each piece is looked through once, together with what is held back.
 */
export function createStopFilter(stop: readonly string[]): StopFilter {
  const stops = stop.filter((one) => one !== '');
  if (stops.length === 0) return { push: (text) => ({ text, isEnd: false }), flush: () => '' };
  let held = '';
  return {
    push(piece) {
      const text = held + piece;
      const begin = beginOfFirst(text, stops);
      if (begin !== null) {
        held = '';
        return { text: text.slice(0, begin), isEnd: true };
      }
      const safe = text.length - beginningLength(text, stops);
      held = text.slice(safe);
      return { text: text.slice(0, safe), isEnd: false };
    },
    flush() {
      const text = held;
      held = '';
      return text;
    },
  };
}

/** Where the stop string begins that is complete first; null: none is. */
function beginOfFirst(text: string, stops: readonly string[]): number | null {
  let first: { begin: number; end: number } | null = null;
  for (const stop of stops) {
    const begin = text.indexOf(stop);
    if (begin < 0) continue;
    const end = begin + stop.length;
    if (first === null || end < first.end || (end === first.end && begin < first.begin))
      first = { begin, end };
  }
  return first?.begin ?? null;
}

/** The length of the longest end of the text that is the beginning of a stop string. */
function beginningLength(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    // Most text has nothing that a stop string begins with.
    if (!text.includes(stop.charAt(0), text.length - stop.length + 1)) continue;
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length -= 1)
      if (text.endsWith(stop.slice(0, length))) longest = length;
  }
  return longest;
}
