/** The one conversation that every target is asked with: a system message and three turns, some 600 characters. */
import { ENGINE_MODEL } from '../../harness/engine/engine.ts';
import type { RequestShape, Shapes } from '../target.ts';

export const MESSAGES = [
  {
    role: 'system',
    content:
      'You are a patient assistant who answers in plain English. Say what you are sure of, and say so where you are not.',
  },
  {
    role: 'user',
    content:
      'We keep our own models on two machines in the cellar. Yesterday one of them was slow in the evening, and nobody knows why. Where would you look first?',
  },
  {
    role: 'assistant',
    content:
      'At how many requests were waiting, and at how long each of them waited for its first word. If both grew at once, the machine had more to do than it can; if only one did, look at the prompts.',
  },
  {
    role: 'user',
    content:
      'Only the wait grew. The prompts had become longer, about twice as long as a week ago. What follows from that for the second machine?',
  },
] as const;

const SAMPLING = { temperature: 0.7, top_p: 0.9 };
/** More than an answer of the engine ever has. */
const MOST_TOKENS = 16_384;

/** As OpenAI's clients ask, with some headers more. */
export function chatShapes(headers: Readonly<Record<string, string>> = {}): Shapes {
  const shape = (fields: Readonly<Record<string, unknown>>): RequestShape => ({
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model: ENGINE_MODEL,
      messages: MESSAGES,
      max_tokens: MOST_TOKENS,
      ...SAMPLING,
      ...fields,
    }),
  });
  return {
    plain: shape({ stream: false }),
    // With the count of tokens, which ours asks for, too: else the engine would have less to send here.
    stream: shape({
      stream: true,
      stream_options: { include_usage: true, continuous_usage_stats: true },
    }),
  };
}

/** The same as the worker API asks it, in all its forms. */
export function workerShapes(
  headers: Readonly<Record<string, string>>,
): Required<Pick<Shapes, 'plain' | 'stream' | 'cumulative' | 'delta'>> {
  const shape = (
    path: string,
    fields: Readonly<Record<string, unknown>> = {},
    more: Readonly<Record<string, string>> = {},
  ): RequestShape => ({
    path,
    headers: { 'content-type': 'application/json', ...headers, ...more },
    body: JSON.stringify({
      model: ENGINE_MODEL,
      messages: MESSAGES,
      echo: false,
      max_new_tokens: MOST_TOKENS,
      ...SAMPLING,
      ...fields,
    }),
  });
  const delta = { stream_mode: 'delta' };
  return {
    plain: shape('/worker_generate'),
    stream: shape('/worker_generate_stream', delta, { accept: 'text/event-stream' }),
    cumulative: shape('/worker_generate_stream'),
    delta: shape('/worker_generate_stream', delta),
  };
}
