export type StopStringOptions = {
  /** No empty strings among them. */
  readonly stop: readonly string[];
  /** Lets the matched stop string stand at the end of the text. */
  readonly includeStop: boolean;
};

/** The text that may be sent now, and the stop string that ended it, if one did. */
type StopResult = { readonly text: string; readonly matched: string | null };

export type StopStrings = {
  /** `armed`: whether a stop string that ends in this piece counts (vLLM: not among the first `min_tokens` tokens). */
  push(piece: string, armed: boolean): StopResult;
  /** What is still held back, when the answer ends for another reason. */
  flush(): string;
};

/**
 * Cuts a text at the first stop string, piece by piece, so that no part of it is ever sent.
 *
 * As in vLLM's detokenizer, the last `longest - 1` characters are always held back: a stop string that ends in the next piece can
 * begin no earlier than there. With `includeStop` nothing needs to be held. A match must end in the new piece, so each piece is searched
 * once, together with the tail before it, and the cost per piece does not grow with the text. When several match in one piece, the one
 * that begins first wins (vLLM takes the first of the list, and can leave another stop string in the text).
 */
export function createStopStrings({ stop, includeStop }: StopStringOptions): StopStrings {
  const overlap = Math.max(0, ...stop.map((one) => one.length - 1));
  const held = includeStop ? 0 : overlap;
  let window = '';
  let sent = 0;

  return {
    push(piece, armed) {
      window += piece;
      const match = armed ? firstMatch(window, piece.length, stop) : null;
      if (match !== null) {
        const end = match.index + (includeStop ? match.stop.length : 0);
        const text = window.slice(sent, end);
        sent = window.length;
        return { text, matched: match.stop };
      }
      const end = Math.max(sent, beforePair(window, window.length - held));
      const text = window.slice(sent, end);
      const keepFrom = Math.max(0, Math.min(end, window.length - overlap));
      window = window.slice(keepFrom);
      sent = end - keepFrom;
      return { text, matched: null };
    },
    flush() {
      const text = window.slice(sent);
      sent = window.length;
      return text;
    },
  };
}

type Match = { readonly index: number; readonly stop: string };

function firstMatch(window: string, newLength: number, stop: readonly string[]): Match | null {
  let first: Match | null = null;
  for (const one of stop) {
    const index = window.indexOf(one, Math.max(0, window.length - newLength - one.length + 1));
    if (index >= 0 && (first === null || index < first.index)) first = { index, stop: one };
  }
  return first;
}

/** Half of a surrogate pair would be written as U+FFFD, so a cut never falls inside one. */
function beforePair(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return index > 0 && unit >= 0xdc00 && unit <= 0xdfff ? index - 1 : index;
}
