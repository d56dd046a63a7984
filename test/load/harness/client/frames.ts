/** The three forms of a stream, split into frames; keep-alives are no frames. */

export type Frame = {
  readonly text: string;
  readonly error_code: number;
  readonly error_message?: string;
  readonly finish_reason?: string | null;
  readonly usage: Readonly<Record<string, number>>;
};

export type Form = 'cumulative' | 'delta' | 'sse';

/** What a request says to get this form. */
export function askFor(form: Form): {
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
} {
  return {
    fields: form === 'delta' ? { stream_mode: 'delta' } : {},
    headers: form === 'sse' ? { accept: 'text/event-stream' } : {},
  };
}

const NUL = Buffer.from([0]);
const BLANK_LINE = Buffer.from('\n\n');

/** Parts of a body in, whole frames out, unparsed: JSON without what is around it. */
export function createSplitter(form: Form, onFrame: (json: Buffer) => void): (b: Buffer) => void {
  const end = form === 'sse' ? BLANK_LINE : NUL;
  let parts: Buffer[] = [];
  let cut = false;
  return (bytes) => {
    let at = 0;
    // The two line ends behind an event may come apart.
    if (cut && bytes[0] === end[1]) {
      at = 1;
      emit(parts, -1);
      parts = [];
    }
    for (;;) {
      const found = bytes.indexOf(end, at);
      if (found < 0) break;
      parts.push(bytes.subarray(at, found));
      emit(parts, 0);
      parts = [];
      at = found + end.length;
    }
    if (at < bytes.length) parts.push(bytes.subarray(at));
    cut = end.length === 2 && parts.at(-1)?.at(-1) === end[0];
  };

  function emit(found: readonly Buffer[], drop: number): void {
    const [only] = found;
    const whole = found.length === 1 && only !== undefined ? only : Buffer.concat(found);
    const frame = drop === 0 ? whole : whole.subarray(0, drop);
    if (form !== 'sse') {
      if (frame.length > 0) onFrame(frame);
      return;
    }
    const data = toData(frame);
    if (data !== null) onFrame(data);
  }
}

/** An event's data; null: a comment. Our own events have one line of it. */
function toData(event: Buffer): Buffer | null {
  const text = event.toString('latin1', 0, 6);
  if (text.startsWith('data: ')) return event.subarray(6);
  return text.startsWith('data:') ? event.subarray(5) : null;
}

/** The JSON of a frame; null: the mark that ends OpenAI's streams, which says nothing. */
export function parseFrame(json: Buffer): Frame | null {
  const text = json.toString();
  return text === '[DONE]' ? null : (JSON.parse(text) as Frame);
}
