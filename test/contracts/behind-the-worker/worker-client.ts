/** The worker API as a client of its documentation uses it, before any engine. */
import assert from 'node:assert/strict';
import { ask, toFrames } from '../../worker/worker-harness.ts';
import type { Frame, HttpReply } from '../../worker/worker-harness.ts';
import type { EngineUnderTest, RunningEngine } from '../engines/engine-under-test.ts';

/** A running engine with the worker before it. */
export type ServedEngine = {
  readonly engine: RunningEngine;
  /** How to start another one of its kind. */
  readonly kind: EngineUnderTest;
  readonly workerUrl: string;
};

export type Fields = Readonly<Record<string, unknown>>;

export const PROMPT = 'The capital of France';

/** Text that no engine says by chance. */
export const NEVER_SAID = '\u2021never said\u2021';

/** Greedy, without echo, 48 tokens; fields of the caller's own on top. */
export function bodyOf(fields: Fields = {}): Fields {
  const prompt = 'messages' in fields ? {} : { prompt: PROMPT, echo: false };
  return { ...prompt, temperature: 0, max_new_tokens: 48, ...fields };
}

export function post(served: ServedEngine, path: string, body: Fields): Promise<HttpReply> {
  return ask(`${served.workerUrl}/api${path}`, { body });
}

/** `worker_generate`. Rejects when it does not answer 200. */
export async function whole(served: ServedEngine, fields: Fields = {}): Promise<Frame> {
  const reply = await post(served, '/worker_generate', bodyOf(fields));
  assert.equal(reply.status, 200, reply.text);
  return reply.json as unknown as Frame;
}

/** `worker_generate_stream`, all frames. Rejects when it does not answer 200. */
export async function streamed(
  served: ServedEngine,
  fields: Fields = {},
): Promise<readonly Frame[]> {
  const reply = await post(served, '/worker_generate_stream', bodyOf(fields));
  assert.equal(reply.status, 200, reply.text);
  return toFrames(reply);
}

export function lastOf(frames: readonly Frame[]): Frame {
  const last = frames.at(-1);
  assert.ok(last, 'the stream has no frame');
  return last;
}

/** Demands a stream that ends well: only its last frame has a finish reason, and each text begins the next one. */
export function assertSound(frames: readonly Frame[]): void {
  for (const [at, frame] of frames.entries()) {
    const isLast = at === frames.length - 1;
    assert.equal(frame.error_code, 0, JSON.stringify(frame));
    assert.equal(frame.finish_reason === null, !isLast, `frame ${at} of ${frames.length}`);
    if (!isLast) assert.ok(frames[at + 1]?.text.startsWith(frame.text), `frame ${at} is rewritten`);
  }
}

/** Tokens of a text by the engine's own tokenizer, through the worker. */
export async function countTokens(served: ServedEngine, prompt: string): Promise<number> {
  const reply = await post(served, '/count_token', { prompt });
  assert.equal(reply.status, 200, reply.text);
  return Number(reply.json['count']);
}

/** Four characters of a text that lie across two of the engine's tokens and stand nowhere before; and where they begin. */
export async function textAcrossTokens(
  engine: RunningEngine,
  text: string,
): Promise<{ stop: string; at: number }> {
  const ids = await engine.tokenIds(text);
  for (let count = 3; count < ids.length; count += 1) {
    const at = (await engine.textOf(ids.slice(0, count))).length - 2;
    const stop = text.slice(at, at + 4);
    if (/^[\x20-\x7e]{4}$/.test(stop) && text.indexOf(stop) === at) return { stop, at };
  }
  throw new Error(`no text of its own lies across two tokens: ${text}`);
}
