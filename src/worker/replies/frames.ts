/**
 * The last stage of the token path: deltas → frames of the worker API. A frame is one ASCII-safe JSON object, ended by one NUL byte as
 * FastChat's clients expect, or as an event of a `text/event-stream`.
 *
 * `text` is cumulative unless the request says `stream_mode: delta`. In cumulative frames a newer one makes the older ones superfluous, so a
 * slow reader may miss some, and nothing but the newest has to be kept for it.
 */
import type { Delta, Usage } from '../../engines/engine.ts';
import type { ErrorBody } from '../http/http-errors.ts';
import { toAsciiJson } from './ascii-json.ts';

/** ASCII: text, or bytes. */
export type Frame = string | Buffer;

export interface Frames {
  readonly headers: Readonly<Record<string, string>>;
  /** Sent while there is nothing to say, so that nobody on the way takes the silence for an end. Readers skip it. */
  readonly keepAlive: string;
  add(delta: Delta): void;
  /** Characters that were added since the last frame was taken. */
  readonly untaken: number;
  /** For how long text may be kept back to send it together with what follows, in milliseconds. */
  readonly patienceMs: number;
  /**
   * One frame with all that was added and not taken yet; its bytes stay as they are until the next one is taken. `mayReuse` false: the frame
   * before is still on its way, so its memory must not be touched.
   */
  take(mayReuse: boolean): Frame;
  /** The frame that ends a stream which broke. */
  error(body: ErrorBody): string;
  /** What the reply's body ends with, behind its last frame; perhaps nothing. */
  readonly end: string;
}

export type FrameForm = {
  readonly mode: 'cumulative' | 'delta';
  readonly framing: 'nul' | 'sse';
};

export type FrameOptions = {
  /** For how long a cumulative frame of a long text may wait, in milliseconds; 0: each piece of text goes at once. */
  readonly mostPatienceMs: number;
  /**
   * Whether each frame comes as a chunk of HTTP/1.1's chunked coding (RFC 9112, 7.1). Node would write a chunk's size, its bytes and the end
   * of its line as three pieces; in one piece of memory they cost half of that.
   */
  readonly isChunked: boolean;
};

export function createFrames({ mode, framing }: FrameForm, options: FrameOptions): Frames {
  return mode === 'delta'
    ? new DeltaFrames(framing, options)
    : new CumulativeFrames(framing, options);
}

const FRAMINGS = {
  // FastChat's worker sends no content type, and nothing on the way may guess one or hold frames back.
  nul: {
    headers: {
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    },
    keepAlive: '\0',
    before: '',
    after: '\0',
  },
  sse: {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
    keepAlive: ': keep-alive\n\n',
    before: 'data: ',
    after: '\n\n',
  },
} as const;

/** Common to both modes: the framing, and what is known besides the text. */
abstract class BaseFrames implements Frames {
  readonly headers: Frames['headers'];
  readonly keepAlive: string;
  readonly end: string;
  protected readonly isChunked: boolean;
  abstract readonly patienceMs: number;
  abstract take(mayReuse: boolean): Frame;
  protected usage: Usage | null = null;
  protected finishReason: Delta['finishReason'] = null;
  readonly #before: string;
  readonly #after: string;
  #untaken = 0;

  constructor(framing: FrameForm['framing'], { isChunked }: FrameOptions) {
    const { headers, keepAlive, before, after } = FRAMINGS[framing];
    this.headers = headers;
    this.isChunked = isChunked;
    this.keepAlive = this.toChunk(keepAlive);
    this.end = isChunked ? LAST_CHUNK : '';
    this.#before = before;
    this.#after = after;
  }

  get untaken(): number {
    return this.#untaken;
  }

  add(delta: Delta): void {
    this.usage = delta.usage ?? this.usage;
    this.finishReason = delta.finishReason;
    this.#untaken += delta.text.length;
    // Only what is new is escaped: a long answer is not gone through again for each frame.
    if (delta.text !== '') this.addEscaped(toAsciiJson(delta.text).slice(1, -1));
  }

  error(body: ErrorBody): string {
    const { error_message: text } = body;
    const json = toAsciiJson({ text, ...body, usage: {}, finish_reason: null });
    return this.toChunk(this.#before + json + this.#after);
  }

  protected abstract addEscaped(text: string): void;

  /** What a frame has before its text. */
  protected get head(): string {
    return `${this.#before}{"text":"`;
  }

  /** What it has behind it. */
  protected toTail(usage: Usage | null): string {
    this.#untaken = 0;
    const finish = this.finishReason === null ? 'null' : `"${this.finishReason}"`;
    const counts = usage === null ? '{}' : printUsage(usage);
    return `","error_code":0,"usage":${counts},"finish_reason":${finish}}${this.#after}`;
  }

  /** ASCII, so that its length is that of its bytes. */
  protected toChunk(frame: string): string {
    return this.isChunked ? `${sizeLine(frame.length)}${frame}${LINE_END}` : frame;
  }
}

const LINE_END = '\r\n';
const LAST_CHUNK = '0\r\n\r\n';
/** For a size line of any chunk: eight digits are four gigabytes. */
const SIZE_ROOM = 10;

function sizeLine(bytes: number): string {
  return bytes.toString(16) + LINE_END;
}

/** As JSON of `toUsageReply`, for each token: by hand it takes a third. */
function printUsage({ promptTokens: prompt, completionTokens: completion }: Usage): string {
  return `{"prompt_tokens":${prompt},"completion_tokens":${completion},"total_tokens":${prompt + completion}}`;
}

/** Milliseconds of patience for each character of text so far, up to the most: 50 ms from 625 characters on. */
const PATIENCE_PER_CHARACTER_MS = 2 / 25;
/** Timers of few different lengths are cheap. */
const PATIENCE_STEP_MS = 10;

const FIRST_CAPACITY = 1_024;
/** A tail, with room to spare for counts of any size. */
const TAIL_ROOM = 256;

/**
 * All text so far in each frame. Sending it for every token would cost the square of its length (9 MB for 2,000 tokens), so the longer the
 * text, the longer a frame waits for company, up to what nobody notices.
 *
 * The frame lies in one piece of memory that grows with the text, behind room for its size: taking one writes what is new, and the tail
 * behind it, which the next one overwrites. So a frame costs what is new in it, and leaves nothing behind to be collected.
 */
class CumulativeFrames extends BaseFrames {
  #bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #length: number;
  readonly #mostPatienceMs: number;
  /** Escaped, and not yet in the bytes. */
  readonly #added = new AddedText();

  constructor(framing: FrameForm['framing'], options: FrameOptions) {
    super(framing, options);
    this.#mostPatienceMs = options.mostPatienceMs;
    this.#length = SIZE_ROOM + this.#bytes.write(this.head, SIZE_ROOM, 'latin1');
  }

  get patienceMs(): number {
    const characters = this.#length + this.#added.length;
    const wanted = Math.min(characters * PATIENCE_PER_CHARACTER_MS, this.#mostPatienceMs);
    return Math.floor(wanted / PATIENCE_STEP_MS) * PATIENCE_STEP_MS;
  }

  take(mayReuse: boolean): Buffer {
    const textLength = this.#length + this.#added.length;
    if (!mayReuse || textLength + TAIL_ROOM > this.#bytes.length) this.#grow(textLength);
    this.#bytes.write(this.#added.take(), this.#length, 'latin1');
    this.#length = textLength;
    const end = textLength + this.#bytes.write(this.toTail(this.usage), textLength, 'latin1');
    return this.isChunked ? this.#asChunk(end) : this.#bytes.subarray(SIZE_ROOM, end);
  }

  /** The size line ends where the frame begins, however long it is. */
  #asChunk(end: number): Buffer {
    const line = sizeLine(end - SIZE_ROOM);
    const start = SIZE_ROOM - line.length;
    this.#bytes.write(line, start, 'latin1');
    this.#bytes.write(LINE_END, end, 'latin1');
    return this.#bytes.subarray(start, end + LINE_END.length);
  }

  protected addEscaped(text: string): void {
    this.#added.add(text);
  }

  #grow(textLength: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.ceil(textLength * 1.5) + TAIL_ROOM);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}

/** Only what is new, at once; the counts come with the last frame. */
class DeltaFrames extends BaseFrames {
  readonly patienceMs = 0;
  readonly #added = new AddedText();

  take(): string {
    const tail = this.toTail(this.finishReason === null ? null : this.usage);
    return this.toChunk(this.head + this.#added.take() + tail);
  }

  protected addEscaped(text: string): void {
    this.#added.add(text);
  }
}

/** So many pieces are put into one: each costs ten times what its few letters do, and a slow reader lets thousands of them come together. */
const MOST_PIECES = 64;

/** Text that comes in small pieces and is taken at once. */
class AddedText {
  #pieces: string[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(text: string): void {
    this.#length += text.length;
    if (this.#pieces.push(text) >= MOST_PIECES) this.#pieces = [this.#pieces.join('')];
  }

  take(): string {
    const text = this.#pieces.length === 1 ? (this.#pieces[0] ?? '') : this.#pieces.join('');
    this.#pieces = [];
    this.#length = 0;
    return text;
  }
}
