/** Requests to vLLM's API whose replies are looked into. */
import assert from 'node:assert/strict';
import { parseEvents } from '../../engine-server/engine-client.ts';
import type { Event, Usage } from '../../engine-server/engine-client.ts';
import { ask } from '../../worker/worker-harness.ts';
import { PROMPT } from './api-case.ts';
import type { ApiEngine } from './replies.ts';

export type Fields = Readonly<Record<string, unknown>>;

export type Answer = {
  readonly text: string;
  readonly usage: Usage;
  readonly finishReason: string | null;
  readonly stopReason: string | number | null;
};

const MESSAGES = [{ role: 'user', content: 'Who are you?' }];

/** A greedy completion, or with `messages` a chat, of 40 tokens; fields of the caller's own on top. */
function requestOf(engine: ApiEngine, fields: Fields): { url: string; body: Fields } {
  const isChat = 'messages' in fields;
  const path = isChat ? '/v1/chat/completions' : '/v1/completions';
  const subject = isChat ? { messages: MESSAGES } : { prompt: PROMPT };
  const { model } = engine.known;
  return {
    url: engine.url + path,
    body: { model, ...subject, max_tokens: 40, temperature: 0, ...fields },
  };
}

export async function post(engine: ApiEngine, path: string, fields: Fields): Promise<Fields> {
  const { model } = engine.known;
  const reply = await ask(engine.url + path, { body: { model, ...fields } });
  assert.equal(reply.status, 200, reply.text);
  return reply.json;
}

/** The answer in one piece. */
export async function whole(engine: ApiEngine, fields: Fields = {}): Promise<Answer> {
  const { url, body } = requestOf(engine, fields);
  const reply = await ask(url, { body });
  assert.equal(reply.status, 200, reply.text);
  const { choices, usage } = reply.json as Event;
  assert.ok(choices && usage, reply.text);
  return toAnswer(choices, usage);
}

/** The events of a stream with usage in each, and the answer that they make. */
export async function streamed(
  engine: ApiEngine,
  fields: Fields = {},
): Promise<{ readonly events: readonly Event[]; readonly answer: Answer }> {
  const options = { include_usage: true, continuous_usage_stats: true };
  const { url, body } = requestOf(engine, { stream: true, stream_options: options, ...fields });
  const reply = await ask(url, { body });
  assert.equal(reply.status, 200, reply.text);
  const { events, isDone } = parseEvents(reply.text);
  assert.ok(isDone, 'the stream does not end with [DONE]');
  const usage = events.at(-1)?.usage;
  assert.ok(usage, 'the stream has no usage at its end');
  return {
    events,
    answer: toAnswer(
      events.flatMap(({ choices }) => choices ?? []),
      usage,
    ),
  };
}

function toAnswer(choices: NonNullable<Event['choices']>, usage: Usage): Answer {
  const last = choices.at(-1);
  const texts = choices.map((choice) => choice.text ?? (choice.delta ?? choice.message)?.content);
  const { prompt_tokens, completion_tokens, total_tokens } = usage;
  return {
    text: texts.map((text) => text ?? '').join(''),
    usage: { prompt_tokens, completion_tokens, total_tokens },
    finishReason: last?.finish_reason ?? null,
    stopReason: last?.stop_reason ?? null,
  };
}
