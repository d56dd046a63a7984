/** The bytes of answers, as vLLM 0.32 writes them, made once for each length and kind. */

export const ENGINE_MODEL = 'bench';

/** Room for the longest answers that the bench asks for. */
export const CONTEXT_LENGTH = 131_072;

/** What every request is said to have had; nothing here counts a prompt. */
const PROMPT_TOKENS = 40;

/** Four and a half bytes each, as in English prose. */
const WORDS = ['The', ' river', ' was', ' wide', ' and', ' slow', ' where', ' it', ' met', ' sea.'];

export type AnswerKind = {
  readonly isChat: boolean;
  /** Counts in a last event without choices. */
  readonly includeUsage: boolean;
  /** Counts in every event. */
  readonly continuousUsage: boolean;
};

/** A streamed answer, its chunks in HTTP/1.1's framing. */
export type StreamBytes = {
  readonly head: Buffer;
  /** Chat's event before the first token; empty for a completion. */
  readonly opening: Buffer;
  /** One event a token. The last one has the finish reason, and behind it all that ends the stream. */
  readonly tokens: readonly Buffer[];
  /** All of it in one piece, with one event for all tokens: vLLM merges what its reader did not take yet, and here that is everything. */
  readonly whole: Buffer;
  /** One event with all tokens until one of them, that one included. */
  readonly until: (token: number) => Buffer;
};

/** What an engine in a mode of so many tokens says. */
export function answerText(tokens: number): string {
  return textOf(0, tokens);
}

/** Text of the tokens from one up to, and without, another. */
function textOf(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, at) => WORDS[(from + at) % WORDS.length]).join('');
}

export function streamBytes(kind: AnswerKind, count: number): StreamBytes {
  const { isChat, includeUsage, continuousUsage } = kind;
  const base = {
    id: isChat
      ? 'chatcmpl-b5bae042762dbdb93aed005e34edec34'
      : 'cmpl-b5bae042762dbdb93aed005e34edec34',
    object: isChat ? 'chat.completion.chunk' : 'text_completion',
    created: 1_795_295_893,
    model: ENGINE_MODEL,
  };
  const event = (from: number, to: number): string => {
    const finish_reason = to === count ? 'stop' : null;
    const choice = toChoice(isChat, { text: textOf(from, to), finish_reason });
    const counts = continuousUsage ? { usage: usageOf(to) } : {};
    return toChunk({ ...base, choices: [choice], ...counts });
  };
  const last = { ...base, choices: [], usage: usageOf(count) };
  const end = `${includeUsage ? toChunk(last) : ''}${chunkFrame('data: [DONE]\n\n')}0\r\n\r\n`;
  const opening = isChat ? toChunk(openingOf(base, continuousUsage)) : '';
  const events = Array.from(
    { length: count },
    (_, at) => event(at, at + 1) + (at + 1 === count ? end : ''),
  );
  return {
    head: Buffer.from(STREAM_HEAD),
    opening: Buffer.from(opening),
    tokens: events.map((text) => Buffer.from(text)),
    whole: Buffer.from(STREAM_HEAD + opening + event(0, count) + end),
    until: (token) => Buffer.from(event(0, token + 1) + (token + 1 === count ? end : '')),
  };
}

export const STREAM_HEAD =
  'HTTP/1.1 200 OK\r\ndate: Sat, 01 Aug 2026 12:00:00 GMT\r\nserver: uvicorn\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n';

type Choice = { readonly text: string; readonly finish_reason: string | null };

function toChoice(isChat: boolean, { text, finish_reason }: Choice): object {
  const finished = finish_reason === null ? {} : { stop_reason: null };
  if (isChat)
    return {
      index: 0,
      delta: { content: text },
      logprobs: null,
      finish_reason,
      ...finished,
      token_ids: null,
    };
  const rest = { stop_reason: null, prompt_token_ids: null, token_ids: null };
  return { index: 0, text, logprobs: null, finish_reason, ...rest };
}

function openingOf(base: object, continuousUsage: boolean): object {
  const delta = { role: 'assistant', content: '' };
  return {
    ...base,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
    ...(continuousUsage ? { usage: usageOf(0) } : {}),
    prompt_token_ids: null,
  };
}

export function usageOf(completion: number): object {
  return {
    prompt_tokens: PROMPT_TOKENS,
    total_tokens: PROMPT_TOKENS + completion,
    completion_tokens: completion,
  };
}

function toChunk(event: object): string {
  return chunkFrame(`data: ${JSON.stringify(event)}\n\n`);
}

/** A chunk of HTTP/1.1. ASCII only: its length is its bytes. */
export function chunkFrame(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

/** The same answer in one piece. */
export function plainBytes(isChat: boolean, count: number): Buffer {
  const text = answerText(count);
  const choice = isChat
    ? { index: 0, message: { role: 'assistant', content: text, refusal: null, reasoning: null } }
    : { index: 0, text };
  return jsonReply(200, {
    id: isChat
      ? 'chatcmpl-b5bae042762dbdb93aed005e34edec34'
      : 'cmpl-b5bae042762dbdb93aed005e34edec34',
    object: isChat ? 'chat.completion' : 'text_completion',
    created: 1_795_295_893,
    model: ENGINE_MODEL,
    choices: [{ ...choice, logprobs: null, finish_reason: 'stop', stop_reason: null }],
    usage: usageOf(count),
  });
}

/** A reply with a JSON body, head included. */
export function jsonReply(status: number, body: object): Buffer {
  const json = JSON.stringify(body);
  const reason = status === 200 ? 'OK' : 'Error';
  return Buffer.from(
    `HTTP/1.1 ${status} ${reason}\r\nserver: uvicorn\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  );
}
