import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestContext } from 'node:test';

import {
  type RunningEngine,
  serveEngine,
  type ServeEngineOptions,
} from '../../src/engine-server/serve.ts';
import type { Stats } from '../../src/engine-server/core/stats.ts';
import type { FaultPlan } from '../../src/engine-server/faults/faults.ts';

export type Reply = { readonly status: number; readonly body: unknown };

export type Usage = { prompt_tokens: number; total_tokens: number; completion_tokens: number };

export type Choice = {
  index: number;
  text?: string;
  delta?: { role?: string; content?: string };
  message?: { role: string; content: string };
  finish_reason: string | null;
  stop_reason?: string | number | null;
};

export type Event = {
  id?: string;
  object?: string;
  choices?: Choice[];
  usage?: Usage;
  error?: { message: string; type: string; param: string | null; code: number };
};

export type { Stats };

/** An engine that is as fast as it can be, closed with the test. */
export async function startEngine(
  t: TestContext,
  options: ServeEngineOptions = {},
): Promise<RunningEngine> {
  const engine = await serveEngine({ port: 0, ttftMs: 0, itlMs: 0, ...options });
  t.after(() => engine.close());
  return engine;
}

export async function post(url: string, body: unknown): Promise<Reply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

export async function getJson(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

export async function setFaults(engine: RunningEngine, faults: FaultPlan): Promise<void> {
  const { status } = await post(`${engine.url}/sim/faults`, faults);
  if (status !== 200) throw new Error(`faults were refused: ${status}`);
}

/** All events of a stream, and whether `[DONE]` came last. */
export async function stream(
  url: string,
  body: object,
): Promise<{ readonly events: Event[]; readonly isDone: boolean }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true }),
  });
  return parseEvents(await response.text());
}

export function parseEvents(text: string): { events: Event[]; isDone: boolean } {
  const frames = text.split('\n\n').filter((frame) => frame !== '');
  const isDone = frames.at(-1) === 'data: [DONE]';
  const events = (isDone ? frames.slice(0, -1) : frames).map(
    (frame) => JSON.parse(frame.replace(/^data: /, '')) as Event,
  );
  return { events, isDone };
}

export function joinText(events: readonly Event[]): string {
  return events
    .map(({ choices }) => choices?.[0]?.text ?? choices?.[0]?.delta?.content ?? '')
    .join('');
}

/** A request whose reply is read by hand, chunk by chunk, and that can be left at any moment. */
export function openPost(url: string, body: object): ClientRequest {
  const call = request(url, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  });
  // Leaving makes it fail; that is what such tests want.
  call.on('error', () => undefined);
  call.end(JSON.stringify(body));
  return call;
}

export async function replyOf(call: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

/** What a reply brings until it ends or breaks. */
export async function readUntilBroken(
  response: IncomingMessage,
): Promise<{ readonly chunks: Buffer[]; readonly isWhole: boolean }> {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => response.once('close', resolve));
  return { chunks, isWhole: response.complete };
}

export async function statsOf(engine: RunningEngine): Promise<Stats> {
  return (await getJson(`${engine.url}/sim/stats`)) as Stats;
}

/** Waits until the counters are as wanted; the counters as they are, when they never become so. */
export async function statsWhen(
  engine: RunningEngine,
  isRight: (stats: Stats) => boolean,
): Promise<Stats> {
  for (let tries = 0; ; tries += 1) {
    const stats = await statsOf(engine);
    if (isRight(stats) || tries > 500) return stats;
    await sleep(10);
  }
}
