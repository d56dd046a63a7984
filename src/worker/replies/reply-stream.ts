/**
 * Frames → one streamed HTTP reply, no faster than its reader reads, and never silent for long.
 *
 * Design. A frame is written when the one before has left for the kernel; what comes meanwhile is in the next frame. So a reader that is
 * slow, or does not read at all, costs one frame of memory (two at the end), and in cumulative mode it skips what a later frame repeats.
 * When very much is waiting for it, the engine is held back. A reader that takes nothing for its time limit is left, because it holds a
 * place at the engine. All of this is state and callbacks: a write costs no promise.
 */
import type { ServerResponse } from 'node:http';
import type { Delta, DeltaSink, Flow } from '../../engines/engine.ts';
import type { ErrorBody } from '../http/http-errors.ts';
import { LONGEST_TIMER_MS } from '../longest-timer.ts';
import { FrameClock } from './frame-clock.ts';
import type { Waiting } from './frame-clock.ts';
import type { Frame, Frames } from './frames.ts';

/** All frames of the process that wait. */
const clock = new FrameClock();

/** Characters that may wait for a slow reader before the engine is held back. */
const MOST_UNTAKEN = 32 * 1024;

export type ReplyStreamOptions = {
  readonly raw: ServerResponse;
  readonly frames: Frames;
  readonly keepAliveMs: number;
  readonly readerTimeoutMs: number;
  /** Called before the head is sent: from here on an error can no longer be a reply of its own. */
  readonly onBegin: () => void;
  /** Called when the reader is left. */
  readonly onReaderTimeout: () => void;
};

export class ReplyStream implements DeltaSink {
  readonly #options: ReplyStreamOptions;
  readonly #watch: NodeJS.Timeout;
  #flow: Flow | null = null;
  #isHeldBack = false;
  #isWriting = false;
  #isOver = false;
  #waiting: Waiting | null = null;
  #sentAt = -Infinity;
  /** Of the last write, and of the last moment at which the reader took something. */
  #wroteAt = performance.now();

  constructor(options: ReplyStreamOptions) {
    this.#options = options;
    const { raw, keepAliveMs, readerTimeoutMs } = options;
    const lookEveryMs = Math.max(1, Math.min(keepAliveMs, readerTimeoutMs) / 2);
    this.#watch = setInterval(() => this.#look(), Math.min(lookEveryMs, LONGEST_TIMER_MS));
    raw.on('close', () => {
      this.#isOver = true;
      clearInterval(this.#watch);
      this.#stopWaiting();
    });
  }

  /** Whether the head was sent. */
  get hasBegun(): boolean {
    return this.#options.raw.headersSent;
  }

  begin(flow: Flow): void {
    this.#flow = flow;
  }

  push(delta: Delta): boolean {
    const { frames } = this.#options;
    frames.add(delta);
    if (delta.finishReason !== null) this.#end([frames.take(!this.#isWriting)]);
    else if (delta.text !== '') this.#sendSoon();
    return true;
  }

  /** Ends the stream with an error frame, after the text that came. */
  fail(body: ErrorBody): void {
    const { frames } = this.#options;
    const rest = frames.untaken > 0 ? [frames.take(!this.#isWriting)] : [];
    this.#end([...rest, frames.error(body)]);
  }

  /** Stops watching a reply that another error took the place of. */
  leave(): void {
    this.#isOver = true;
    clearInterval(this.#watch);
    this.#stopWaiting();
  }

  #sendSoon(): void {
    const nowMs = performance.now();
    // Sends what is due, perhaps ours.
    clock.look(nowMs);
    if (this.#isWriting) {
      this.#holdBack();
      return;
    }
    if (this.#waiting !== null) return;
    const { patienceMs: waitMs } = this.#options.frames;
    // The first frame goes at once, and so does one that comes late enough after the last.
    if (waitMs === 0 || nowMs - this.#sentAt >= waitMs) this.#send();
    else this.#waiting = clock.wait(this.#send, { nowMs, waitMs });
  }

  readonly #send = (): void => {
    this.#waiting = null;
    if (this.#isOver || this.#isWriting || this.#options.frames.untaken === 0) return;
    this.#sentAt = performance.now();
    this.#write(this.#options.frames.take(true));
  };

  #write(frame: Frame): void {
    this.#wroteAt = performance.now();
    const { raw } = this.#options;
    const { socket } = raw;
    // ASCII only, and for text latin1 is the cheapest way to say so.
    if (!raw.headersSent || socket === null) {
      this.#isWriting = true;
      this.#sendHead();
      raw.write(frame, 'latin1', this.#onWritten);
      return;
    }
    // Behind the head the bytes are the connection's business alone: the reply would keep them until the end of the turn, to join them with
    // what follows, and nothing does. The kernel mostly takes them at once, and to be told of that costs a turn of its own.
    socket.write(frame, 'latin1');
    if (socket.writableLength === 0) return;
    this.#isWriting = true;
    socket.write('', 'latin1', this.#onWritten);
  }

  readonly #onWritten = (): void => {
    this.#isWriting = false;
    this.#wroteAt = performance.now();
    if (this.#isOver) return;
    if (this.#isHeldBack) {
      this.#isHeldBack = false;
      this.#flow?.resume();
    }
    if (this.#options.frames.untaken > 0) this.#sendSoon();
  };

  #end(last: readonly Frame[]): void {
    if (this.#isOver) return;
    const { raw, frames } = this.#options;
    this.#isOver = true;
    this.#stopWaiting();
    this.#sendHead();
    this.#wroteAt = performance.now();
    // What is written in one turn of the event loop leaves at once.
    for (const frame of last) raw.write(frame, 'latin1');
    if (frames.end !== '') raw.write(frames.end, 'latin1');
    raw.end();
  }

  #sendHead(): void {
    const { raw, frames, onBegin } = this.#options;
    if (raw.headersSent) return;
    onBegin();
    raw.writeHead(200, { ...frames.headers });
    // Where the body is chunked the frames are chunks already.
    raw.chunkedEncoding = false;
  }

  #holdBack(): void {
    if (this.#isHeldBack || this.#options.frames.untaken < MOST_UNTAKEN) return;
    this.#isHeldBack = true;
    this.#flow?.pause();
  }

  #look(): void {
    const { raw, frames, keepAliveMs, readerTimeoutMs, onReaderTimeout } = this.#options;
    const idleMs = performance.now() - this.#wroteAt;
    if (this.#isWriting || this.#isOver) {
      if (idleMs < readerTimeoutMs) return;
      onReaderTimeout();
      raw.destroy();
    } else if (idleMs >= keepAliveMs / 2) this.#write(frames.keepAlive);
  }

  #stopWaiting(): void {
    if (this.#waiting !== null) clock.leave(this.#waiting);
    this.#waiting = null;
  }
}
