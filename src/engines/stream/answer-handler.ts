/**
 * The hot path of the worker: an engine's reply, read by read, into a sink.
 *
 * Why it looks as it does. At 20,000 tokens a second each read of a socket brings about one token, so what happens for one read happens
 * 20,000 times a second. What that costs is not JSON but promises, streams and writes: undici's `dispatch` with a handler takes some 60 %
 * of what `fetch` takes, and a tenth of that is the parsing. So
 * - undici calls us for each read; there is no stream, no iterator and no promise in between;
 * - a read is decoded once (as Latin-1, where it is plain ASCII), cut into events, and the text is cut out of the ordinary event by its
 *   place (`scan-chunk.ts`); only the first, the last and the unusual ones are parsed;
 * - all events of a read become one delta, so that the reply makes one write of them at most;
 * - back-pressure is a call, not a promise: the sink pauses the reading of exactly this connection, and resumes it.
 * One request has one connection at a time (`pipelining: 1`), and closing it is how an engine learns that its work is not wanted.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { LlmOpsError } from '../../errors.ts';
import { AnswerReader } from './answer-reader.ts';
import { toEngineError } from '../engine-errors.ts';
import type { Delta, DeltaSink } from '../engine.ts';

/** After its last event, or its finish reason, an engine has nothing to wait for; one that does not end its reply loses the connection. */
const END_TIMEOUT_MS = 1_000;

/** For a refusal to arrive: it holds a place at the engine, however slowly it comes. */
const REFUSAL_TIMEOUT_MS = 10_000;

/** Of a refusal's body; what is beyond is not said. */
const MOST_REFUSAL_BYTES = 64 * 1024;

export type AnswerEnd = {
  readonly resolve: () => void;
  /** With an LlmOpsError, or undici's own error. `hasBegun`: whether the engine had sent a head. */
  readonly reject: (error: unknown, facts: { readonly hasBegun: boolean }) => void;
};

type Refusal = { readonly status: number; readonly parts: Buffer[]; bytes: number };

/** One attempt at one answer, for `Pool.dispatch`. */
export class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #sink: DeltaSink;
  readonly #idleTimeoutMs: number;
  readonly #end: AnswerEnd;
  readonly #reader = new AnswerReader();
  #controller: Dispatcher.DispatchController | null = null;
  #refusal: Refusal | null = null;
  #hasBegun = false;
  #isSettled = false;
  #isPaused = false;
  #lastDeltaAt = 0;
  #endTimer: NodeJS.Timeout | null = null;

  constructor(options: { sink: DeltaSink; idleTimeoutMs: number; end: AnswerEnd }) {
    this.#sink = options.sink;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#end = options.end;
  }

  /** Ends the attempt from our side: the connection closes. */
  abort(reason: Error): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#controller?.abort(reason);
    this.#end.reject(reason, { hasBegun: this.#hasBegun });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It was left while undici still looked for a connection.
    if (this.#isSettled) controller.abort(new Error('the request was left'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // 102 and 103 come before the reply, and are none.
    if (status < 200) return;
    this.#hasBegun = true;
    if (this.#isSettled) return;
    // JSON where events were asked for is an error of a server that does not trouble to say so by its status.
    if (status !== 200 || isJson(headers['content-type'])) {
      this.#refusal = { status, parts: [], bytes: 0 };
      this.#waitForEnd(REFUSAL_TIMEOUT_MS);
      return;
    }
    this.#lastDeltaAt = performance.now();
    this.#sink.begin({
      pause: () => {
        if (this.#isSettled || this.#isPaused) return;
        this.#isPaused = true;
        controller.pause();
      },
      resume: () => {
        this.#resume();
      },
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#isSettled) return;
    if (this.#refusal !== null) this.#collect(bytes);
    else this.#read(controller, bytes);
  }

  onResponseEnd(): void {
    this.#stopWaiting();
    if (this.#isSettled) return;
    if (this.#refusal !== null) {
      this.#fail(toRefusal(this.#refusal));
      return;
    }
    this.#endReader();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#stopWaiting();
    if (!this.#isSettled) this.#fail(error);
  }

  #read(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    let delta: Delta | null;
    try {
      delta = this.#reader.read(bytes);
    } catch (error) {
      // What came before the fault is good, and may be all that is wanted.
      const rest = this.#reader.rest();
      if (rest !== null && !this.#sink.push(rest)) {
        this.#leave(controller);
        return;
      }
      this.#fail(error);
      controller.abort(new Error('the answer is broken'));
      return;
    }
    if (delta === null) this.#checkProgress(controller);
    else if (delta.finishReason !== null) {
      this.#finish(delta);
      // What is left (the end of a chunked reply) is read, so that the connection can serve the next request.
      this.#waitForEnd(END_TIMEOUT_MS);
    } else {
      this.#lastDeltaAt = performance.now();
      if (!this.#sink.push(delta)) this.#leave(controller);
    }
    if (!this.#isSettled && this.#reader.hasFinished) this.#waitForEnd(END_TIMEOUT_MS);
  }

  /** The reply ended, or is as good as ended. */
  #endReader(): void {
    try {
      this.#finish(this.#reader.end());
    } catch (error) {
      this.#fail(error);
    }
  }

  #waitForEnd(limitMs: number): void {
    this.#stopWaiting();
    this.#endTimer = setTimeout(() => {
      if (!this.#isSettled) {
        if (this.#refusal === null) this.#endReader();
        else this.#fail(toRefusal(this.#refusal));
      }
      this.#controller?.abort(new Error('the reply does not end'));
    }, limitMs);
    this.#endTimer.unref();
  }

  /** The sink has what it wanted. */
  #leave(controller: Dispatcher.DispatchController): void {
    this.#settle();
    this.#end.resolve();
    controller.abort(new Error('no more is wanted'));
  }

  /** An engine that stands still may go on to send signs of life (llama.cpp's pings), which undici takes for progress. */
  #checkProgress(controller: Dispatcher.DispatchController): void {
    if (performance.now() - this.#lastDeltaAt < this.#idleTimeoutMs) return;
    this.#fail(new LlmOpsError('engine_timeout', 'the engine was silent for too long'));
    controller.abort(new Error('the engine stands still'));
  }

  #collect(bytes: Buffer): void {
    const refusal = this.#refusal;
    if (refusal === null || refusal.bytes > MOST_REFUSAL_BYTES) return;
    refusal.parts.push(bytes);
    refusal.bytes += bytes.length;
  }

  #finish(last: Delta): void {
    this.#settle();
    this.#sink.push(last);
    this.#end.resolve();
  }

  #fail(error: unknown): void {
    this.#settle();
    this.#end.reject(error, { hasBegun: this.#hasBegun });
  }

  #settle(): void {
    this.#isSettled = true;
    this.#resume();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // The silence while we did not listen was ours.
    this.#lastDeltaAt = performance.now();
    this.#controller?.resume();
  }

  #stopWaiting(): void {
    if (this.#endTimer !== null) clearTimeout(this.#endTimer);
  }
}

function isJson(contentType: string | readonly string[] | undefined): boolean {
  return String(contentType).startsWith('application/json');
}

function toRefusal({ status, parts }: Refusal): LlmOpsError {
  const text = Buffer.concat(parts).toString('utf8');
  // The status was no refusal, so what it says is the engine's fault.
  return toEngineError(status === 200 ? 500 : status, text);
}
