/**
 * The length of an answer as the context of its engine allows it. Engines differ in what they do with a `max_tokens` that leaves the prompt
 * too little room: vLLM 0.32 cuts it, unless it is longer than the whole context, which it refuses; its earlier ones refuse both; llama.cpp
 * cuts both. FastChat cuts, so we do, before any engine sees it.
 */
import type { Engine, Prompt } from '../../engines/engine.ts';
import { LlmOpsError } from '../../errors.ts';
import type { EngineRequest } from '../answer/prepare-prompt.ts';

/** Tokens that an engine may add to a text: the first one, and a space before it. */
const ADDED_TO_TEXT = 16;

/** Tokens that a model's own template may add to a conversation, its default system message among them; and to each message. */
const ADDED_TO_CHAT = 1024;
const ADDED_TO_MESSAGE = 16;

/**
 * What is sent to this engine for the request: the same with `maxNewTokens` cut to the room that its prompt leaves, or the very same where
 * it fits, or where the engine cannot tell. Throws `context_overflow` in FastChat's words when there is no room at all, and what a broken
 * connection to the engine means.
 */
export async function fitAnswer(
  { engine }: { readonly engine: Engine },
  request: EngineRequest,
  signal: AbortSignal,
): Promise<EngineRequest> {
  const { prompt, sampling } = request;
  const { maxNewTokens } = sampling;
  const known = await engine.contextLength(signal);
  if (known === null || mostTokens(prompt) + maxNewTokens <= known) return request;
  const count = await engine.countPrompt(prompt, signal);
  if (count === null) return request;
  // Nobody is refused by what was only remembered.
  const context = count < known ? known : (await engine.modelCard(signal)).contextLength;
  if (context === null || count + maxNewTokens <= context) return request;
  if (count >= context) throw overflow(count, context);
  return { prompt, sampling: { ...sampling, maxNewTokens: context - count } };
}

/** More tokens than a prompt can have, for nothing: a token is a byte of UTF-8 at least. Most prompts are so short that it is enough. */
function mostTokens(prompt: Prompt): number {
  if (prompt.kind === 'text') return Buffer.byteLength(prompt.text) + ADDED_TO_TEXT;
  return prompt.messages.reduce(
    (sum, { content }) => sum + Buffer.byteLength(content) + ADDED_TO_MESSAGE,
    ADDED_TO_CHAT,
  );
}

function overflow(count: number, context: number): LlmOpsError {
  return new LlmOpsError(
    'context_overflow',
    `This model's maximum context length is ${context} tokens. However, your messages resulted in ${count} tokens. Please reduce the length of the messages.`,
    { details: { context_length: context, prompt_tokens: count } },
  );
}
