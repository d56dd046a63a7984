/** What became of one request, noted down as it goes: for its line in the access log, and for the metrics. Never any of its text. */
import type { FastifyRequest } from 'fastify';
import type { Delta, FinishReason, Usage } from '../../engines/engine.ts';
import type { ErrorCode } from '../../errors.ts';
import { ClientLeft } from '../http/departure.ts';
import { toHttpError } from '../http/http-errors.ts';

export class RequestTrace {
  /** What the request is called in logs, ours and the engine's. */
  id = '';
  readonly arrivedAt = performance.now();
  service: string | null = null;
  version: string | null = null;
  /** The last one, where it was tried at several. */
  replica: string | null = null;
  /** How many replicas it was sent to. */
  attempts = 0;
  /** When it began to ask for its place at the engine. */
  queuedAt: number | null = null;
  /** When it got its place at the engine. */
  admittedAt: number | null = null;
  firstTextAt: number | null = null;
  lastTextAt: number | null = null;
  usage: Usage | null = null;
  finishReason: FinishReason | null = null;
  /** The code of the error that it ended with. */
  error: ErrorCode | 'reader_stalled' | null = null;
  /** Told once, when the first piece of text came. */
  onFirstText: (() => void) | null = null;
  /** Told of each pause between two pieces of text, in milliseconds. */
  onGap: ((gapMs: number) => void) | null = null;

  noteDelta(delta: Delta): void {
    this.usage = delta.usage ?? this.usage;
    this.finishReason = delta.finishReason;
    if (delta.text === '') return;
    const now = performance.now();
    if (this.lastTextAt !== null) this.onGap?.(now - this.lastTextAt);
    else {
      this.firstTextAt = now;
      this.onFirstText?.();
    }
    this.lastTextAt = now;
  }

  /** Another engine begins the answer anew: its first text is yet to come. */
  noteRestart(): void {
    this.firstTextAt = null;
    this.lastTextAt = null;
    this.onGap = null;
  }

  /** Notes what was thrown. The first error is the cause; a departure is none. */
  noteError(error: unknown): void {
    if (error instanceof ClientLeft) return;
    // No other code is written there.
    this.error ??= toHttpError(error).body.error.code as ErrorCode;
  }
}

/** On the request itself: a WeakMap of all requests is work for each collection of the garbage. */
const TRACE = Symbol('trace');

/** The request's own trace, which begins when it is first asked for. */
export function traceOf(request: FastifyRequest & { [TRACE]?: RequestTrace }): RequestTrace {
  let trace = request[TRACE];
  if (trace === undefined) {
    trace = new RequestTrace();
    trace.id = request.id;
    request[TRACE] = trace;
  }
  return trace;
}
