import { LlmOpsError } from '../../errors.ts';
import type { ChatRequest, ChatTemplate } from './chat-template.ts';
import { createThreadPool } from './thread-pool.ts';
import type { RenderOrder } from './thread/messages.ts';

export type ChatRendererOptions = {
  /** What one rendering may take, from when a thread has it. */
  readonly timeLimitMs?: number;
  /** The heap of a thread. */
  readonly memoryLimitMb?: number;
  /** Threads at most; they start when they are needed. */
  readonly threads?: number;
};

export type ChatRenderer = {
  /**
   * The prompt. Throws `template_failed` when the template cannot be read, raises an exception (its message is passed on), or takes too
   * long, too much memory or too deep a recursion; `stopping` after `close`; the signal's reason when that is aborted.
   */
  readonly render: (
    template: ChatTemplate,
    request: ChatRequest,
    signal?: AbortSignal,
  ) => Promise<string>;
  /** Ends the threads. */
  readonly close: () => Promise<void>;
};

/** Characters of a template's source; the largest known are a hundredth of it. */
export const MOST_SOURCE_CHARACTERS = 1024 * 1024;

/**
 * Renders models' own chat templates as Hugging Face's transformers do, in threads: whatever a template does, it costs its own request an
 * error, and neither the process nor the others' requests.
 */
export function createChatRenderer({
  timeLimitMs = 500,
  memoryLimitMb = 256,
  threads = 4,
}: ChatRendererOptions = {}): ChatRenderer {
  const pool = createThreadPool({ timeLimitMs, memoryLimitMb, threads });
  return {
    async render(template, request, signal) {
      const order = toOrder(template, request);
      if (order.source.length > MOST_SOURCE_CHARACTERS) {
        throw new LlmOpsError('template_failed', 'the chat template is too large', {
          hint: `a template has at most ${String(MOST_SOURCE_CHARACTERS)} characters`,
        });
      }
      return await pool.run(order, signal);
    },
    close: pool.close,
  };
}

/** The variables of transformers' `apply_chat_template`. */
function toOrder(template: ChatTemplate, request: ChatRequest): RenderOrder {
  const { source, toolSource, bosToken, eosToken, otherTokens } = template;
  const { messages, tools = null, documents = null, addGenerationPrompt, variables } = request;
  return {
    source: tools === null ? source : (toolSource ?? source),
    variables: {
      ...otherTokens,
      ...(bosToken === null ? {} : { bos_token: bosToken }),
      ...(eosToken === null ? {} : { eos_token: eosToken }),
      ...variables,
      messages,
      tools,
      documents,
      add_generation_prompt: addGenerationPrompt,
    },
  };
}
