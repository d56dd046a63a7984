/** What an engine says, token by token. */
import { z } from 'zod';

import type { RequestShape } from '../../targets/target.ts';
import type { NaiveAnswer } from './naive-bytes.ts';

const ChatEvent = z.object({
  choices: z.array(z.object({ delta: z.object({ content: z.string().optional() }) })),
  usage: z.object({ prompt_tokens: z.number() }).nullish(),
});

/**
 * Asks an engine for a chat answer as events and reads all of it: fastest from one that answers at once. Throws for another status than 200,
 * and for events of another shape.
 */
export async function readTokens(engineUrl: string, shape: RequestShape): Promise<NaiveAnswer> {
  const { path, headers, body } = shape;
  const reply = await fetch(`${engineUrl}${path}`, { method: 'POST', headers, body });
  if (reply.status !== 200) throw new Error(`the engine answers ${reply.status}`);
  return parseTokens(await reply.text());
}

/** Of a whole stream of OpenAI's chat events, each with at most one token. Events without text are no tokens. */
export function parseTokens(stream: string): NaiveAnswer {
  const tokens: string[] = [];
  let promptTokens = 0;
  for (const [, data = ''] of stream.matchAll(/^data: (\{.*)$/gm)) {
    const { choices, usage } = ChatEvent.parse(JSON.parse(data));
    promptTokens = usage?.prompt_tokens ?? promptTokens;
    const text = choices[0]?.delta.content ?? '';
    if (text !== '') tokens.push(text);
  }
  return { tokens, promptTokens };
}
