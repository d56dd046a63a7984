/**
 * The body of `worker_generate` and `worker_generate_stream`. Fields, defaults and clamps are those of FastChat's vLLM worker (0.2.36)
 * and of llm-ops' own fields on top (`generation_mode`, `messages`, `system_message`, `model_identifier`). What no worker of theirs reads
 * (`model`, `n`, `logprobs`, `spec`, `judge_sent_end`, `request_id`, …) is not read here either, and neither is what engines of today
 * no longer have (`best_of`, `use_beam_search`): FastChat's server sends some of them with each request.
 */
import { z } from 'zod';
import type { Sampling } from '../../engines/engine.ts';
import { LlmOpsError } from '../../errors.ts';

/** What was said so far. `system` null: nothing, so that the template's default counts; an empty text: none. */
export type Conversation = { readonly system: string | null; readonly turns: readonly Turn[] };

type Turn = { readonly role: 'user' | 'assistant'; readonly text: string };

export type GenerateRequest = {
  readonly input:
    | { readonly kind: 'completion'; readonly prompt: string }
    | ({ readonly kind: 'chat' } & Conversation);
  /** null: not said, which the protocol reads as true. */
  readonly echo: boolean | null;
  readonly modelIdentifier: string | null;
  /** What a streamed frame's text is: all so far, or only what is new. */
  readonly streamMode: 'cumulative' | 'delta';
  readonly sampling: Sampling;
};

/** Below this a temperature means greedy sampling, and a top_p is raised to it. */
const SMALLEST = 1e-5;

/**
 * JSON value → request. Throws `invalid_request` (a wrong type, something missing) or `param_out_of_range`, naming the field. Unknown
 * fields are ignored, and null is as if a field were not there.
 */
export function parseGenerateRequest(body: unknown): GenerateRequest {
  const parsed = Body.safeParse(body);
  if (!parsed.success) throw toRequestError(parsed.error, body);
  const fields = parsed.data;
  return {
    input: toInput(fields),
    echo: fields.echo ?? null,
    modelIdentifier: fields.model_identifier ?? null,
    streamMode: fields.stream_mode ?? 'cumulative',
    sampling: toSampling(fields),
  };
}

/** Each stop text is looked for with each token, and some engines are asked for the text of each stop token. */
const MOST_STOPS = 1_024;

/** Python's `float()` and `int()` take numbers in strings too, and clients of the original send them. */
const numeric = z.union(
  [
    z.number(),
    z
      .string()
      // No digit can be matched in two ways: else a long text of digits takes the square of its length.
      .regex(/^\s*[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?\s*$/i)
      .transform(Number),
  ],
  'expected a number',
);

const Message = z.looseObject({
  role: z.string(),
  text: z.string().nullish(),
  /** OpenAI's name for the same. */
  content: z.string().nullish(),
});

const Body = z.looseObject({
  generation_mode: z.enum(['chat', 'completion']).nullish(),
  model_identifier: z.string().nullish(),
  prompt: z.string().nullish(),
  messages: z.array(Message).nullish(),
  system_message: z.string().nullish(),
  echo: z.boolean().nullish(),
  stream_mode: z.enum(['cumulative', 'delta'], 'expected "cumulative" or "delta"').nullish(),
  temperature: numeric.pipe(z.number().min(0)).nullish(),
  // Raised below, however low it is.
  top_p: numeric.pipe(z.number().max(1)).nullish(),
  top_k: numeric.pipe(z.int().min(-1)).nullish(),
  presence_penalty: numeric.pipe(z.number().min(-2).max(2)).nullish(),
  frequency_penalty: numeric.pipe(z.number().min(-2).max(2)).nullish(),
  repetition_penalty: numeric.pipe(z.number().positive()).nullish(),
  max_new_tokens: numeric.pipe(z.int().positive()).nullish(),
  stop: z
    .union(
      [z.string().transform((text) => [text]), z.array(z.string())],
      'expected a text or a list of texts',
    )
    .pipe(z.array(z.string()).max(MOST_STOPS))
    .nullish(),
  stop_token_ids: z.array(z.int().nonnegative()).max(MOST_STOPS).nullish(),
  // FastChat's server sends the pictures of a conversation; an answer that never saw them would only look like one.
  images: z.array(z.unknown()).max(0, 'this API takes text only, no pictures').nullish(),
});
type Body = z.infer<typeof Body>;

function toInput(body: Body): GenerateRequest['input'] {
  // A conversation without a mode can mean one thing only; a prompt always meant a completion.
  const mode = body.generation_mode ?? (body.messages && !body.prompt ? 'chat' : 'completion');
  if (mode === 'completion') {
    if (typeof body.prompt === 'string') return { kind: 'completion', prompt: body.prompt };
    throw missing('prompt', 'a completion needs a "prompt", a string');
  }
  if (!body.messages || body.messages.length === 0)
    throw missing('messages', 'a chat needs "messages", a list of {"role", "text"}');
  const messages = body.messages.map(toMessage);
  const turns = messages.filter((message): message is Turn => message.role !== 'system');
  const system = [
    ...(typeof body.system_message === 'string' ? [body.system_message] : []),
    ...messages.filter((message) => message.role === 'system').map((message) => message.text),
  ];
  return { kind: 'chat', system: system.length === 0 ? null : system.join('\n\n'), turns };
}

const ROLES: Readonly<Record<string, Turn['role'] | 'system'>> = {
  user: 'user',
  human: 'user',
  ai: 'assistant',
  assistant: 'assistant',
  system: 'system',
};

function toMessage(
  message: z.infer<typeof Message>,
  index: number,
): { role: Turn['role'] | 'system'; text: string } {
  const role = Object.hasOwn(ROLES, message.role) ? ROLES[message.role] : undefined;
  if (role === undefined) {
    throw new LlmOpsError('invalid_request', `messages[${index}].role is "${message.role}"`, {
      param: `messages.${index}.role`,
      hint: 'roles are "user" (or "human"), "ai" (or "assistant") and "system"',
    });
  }
  const text = message.text ?? message.content;
  if (typeof text === 'string') return { role, text };
  throw missing(`messages.${index}.text`, `messages[${index}] needs a "text", a string`);
}

function toSampling(body: Body): Sampling {
  const temperature = body.temperature ?? 1;
  const topP = Math.max(body.top_p ?? 1, SMALLEST);
  const topK = body.top_k ?? -1;
  return {
    maxNewTokens: body.max_new_tokens ?? 256,
    temperature,
    topP: temperature <= SMALLEST ? 1 : topP,
    topK: topK > 0 ? topK : null,
    presencePenalty: body.presence_penalty ?? 0,
    frequencyPenalty: body.frequency_penalty ?? 0,
    repetitionPenalty: body.repetition_penalty ?? 1,
    stop: (body.stop ?? []).filter((text) => text !== ''),
    stopTokenIds: body.stop_token_ids ?? [],
  };
}

function missing(param: string, message: string): LlmOpsError {
  return new LlmOpsError('invalid_request', message, { param });
}

function toRequestError(error: z.ZodError, body: unknown): LlmOpsError {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return new LlmOpsError('invalid_request', 'the body has to be a JSON object');
  const [issue] = error.issues;
  const param = issue?.path.join('.') ?? '';
  const isRange = issue?.code === 'too_small' || issue?.code === 'too_big';
  return new LlmOpsError(
    isRange ? 'param_out_of_range' : 'invalid_request',
    `${param}: ${issue?.message ?? 'invalid'}`,
    { param },
  );
}
