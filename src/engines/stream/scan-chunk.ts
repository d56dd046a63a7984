/**
 * The text of an ordinary event of a stream, cut out of its JSON without parsing it. Almost every event of an answer is one: it has new
 * text, no finish reason, no logprobs, and nothing else that we read but the counts. Whatever looks different is left to the JSON parser.
 *
 * It is enough to look for `"choices":[…` and so on as they are written: inside a JSON string each quote has a backslash before it, so none
 * of these marks can be part of somebody's text.
 */
import type { Usage } from '../engine.ts';

export type OrdinaryChunk = { readonly text: string; readonly usage: Usage | null };

/** How a choice begins and goes on behind its text: vLLM's completions and chats, llama.cpp's completions. */
const SHAPES: readonly { readonly head: string; readonly tail: string }[] = [
  {
    head: '"choices":[{"index":0,"text":"',
    tail: '","logprobs":null,"finish_reason":null',
  },
  {
    head: '"choices":[{"index":0,"delta":{"content":"',
    tail: '"},"logprobs":null,"finish_reason":null',
  },
  {
    head: '"choices":[{"text":"',
    tail: '","index":0,"logprobs":null,"finish_reason":null',
  },
];

const USAGE = '"usage":{"prompt_tokens":';
const COUNTS = /(\d+),"total_tokens":\d+,"completion_tokens":(\d+)/y;

/** null: no ordinary event. */
export function scanChunk(data: string): OrdinaryChunk | null {
  for (const { head, tail } of SHAPES) {
    const found = data.indexOf(head);
    if (found < 0) continue;
    const start = found + head.length;
    const end = endOfString(data, start);
    if (end < 0 || !data.startsWith(tail, end)) return null;
    const usage = scanUsage(data, end + tail.length);
    if (usage === undefined) return null;
    const text = unescape(data.slice(start, end));
    return text === null ? null : { text, usage };
  }
  return null;
}

/** The place of the quote that ends a JSON string which began before `start`. */
function endOfString(data: string, start: number): number {
  for (let end = data.indexOf('"', start); end >= 0; end = data.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (data.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}

/** undefined: there is something about counts that we cannot read here. */
function scanUsage(data: string, from: number): Usage | null | undefined {
  const at = data.indexOf(USAGE, from);
  if (at < 0) {
    const isSilent = !data.includes('"usage":', from) && !data.includes('"timings":', from);
    return isSilent ? null : undefined;
  }
  COUNTS.lastIndex = at + USAGE.length;
  const [, prompt, completion] = COUNTS.exec(data) ?? [];
  if (prompt === undefined || completion === undefined) return undefined;
  return { promptTokens: Number(prompt), completionTokens: Number(completion) };
}

function unescape(json: string): string | null {
  if (!json.includes('\\')) return json;
  try {
    return JSON.parse(`"${json}"`) as string;
  } catch {
    return null;
  }
}
