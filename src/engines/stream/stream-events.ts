/** Bytes of a `text/event-stream` body → the data of its events, as many as each read brought. */
import { isAscii } from 'node:buffer';
import { createParser } from 'eventsource-parser';
import { LlmOpsError } from '../../errors.ts';

/** One event larger than this breaks the stream: an engine that never ends its line must not fill our memory. In characters. */
const MAX_EVENT_LENGTH = 16 * 1024 * 1024;

/**
 * A push parser: bytes in, the data of the events that they completed out. The decoder keeps the bytes of a character that is not complete
 * yet, so a read may end anywhere, also inside a character. Throws `engine_failed` for an endless event.
 */
export function createEventReader(): (bytes: Buffer) => readonly string[] {
  const decode = createDecoder();
  let events: string[] = [];
  let isEndless = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT_LENGTH,
    onEvent: ({ data }) => {
      events.push(data);
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') isEndless = true;
    },
  });
  return (bytes) => {
    events = [];
    parser.feed(decode(bytes));
    if (isEndless) throw new LlmOpsError('engine_failed', 'the engine sent an endless event');
    return events;
  };
}

/** Most reads are plain ASCII, which needs no decoder, and becomes a string of one byte a character. */
function createDecoder(): (bytes: Buffer) => string {
  // A byte order mark is one at the very beginning only, which the parser sees to. The decoder may be first asked in the middle of a text.
  let decoder: InstanceType<typeof TextDecoder> | null = null;
  let isClean = true;
  return (bytes) => {
    const isPlain = isAscii(bytes);
    if (isClean && isPlain) return bytes.toString('latin1');
    // Behind a plain read the decoder holds no half of a character.
    isClean = isPlain;
    decoder ??= new TextDecoder('utf-8', { ignoreBOM: true });
    return decoder.decode(bytes, { stream: true });
  };
}
