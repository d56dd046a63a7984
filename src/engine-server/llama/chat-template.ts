import { Template } from '@huggingface/jinja';

import { LlmOpsError } from '../../errors.ts';
import type { ChatTokensOptions, SourceMessage } from '../text-source.ts';

export type ChatTemplateInput = {
  /** Jinja, as in the GGUF's `tokenizer.chat_template`; anything but a string: the model has none. */
  readonly source: unknown;
  readonly beginToken: string | null;
  readonly endToken: string | null;
};

export type ChatTemplate = (
  messages: readonly SourceMessage[],
  options: Pick<ChatTokensOptions, 'addGenerationPrompt' | 'continueFinalMessage'>,
) => string;

/** What transformers marks the open end of the last message with. */
const OPEN_END = 'CONTINUE_FINAL_MESSAGE_TAG ';

/**
 * The model's own chat template, rendered as transformers 5 does in `apply_chat_template`: with its variables, where a special token that
 * the model lacks is undefined. The template throws `param_out_of_range` when the model has none, and with what it says itself when it
 * refuses the messages.
 */
export function createChatTemplate({
  source,
  beginToken,
  endToken,
}: ChatTemplateInput): ChatTemplate {
  let template: Template | null = null;
  const variables = {
    tools: null,
    documents: null,
    ...(beginToken === null ? {} : { bos_token: beginToken }),
    ...(endToken === null ? {} : { eos_token: endToken }),
  };

  function render(messages: readonly SourceMessage[], addGenerationPrompt: boolean): string {
    if (typeof source !== 'string') throw refused('This model has no chat template.');
    try {
      template ??= new Template(source);
      return template.render({
        ...variables,
        messages,
        add_generation_prompt: addGenerationPrompt,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw refused(`The model's chat template refuses these messages: ${reason}`);
    }
  }

  return (messages, { addGenerationPrompt, continueFinalMessage }) =>
    continueFinalMessage
      ? cutAtOpenEnd(render(openLast(messages), addGenerationPrompt))
      : render(messages, addGenerationPrompt);
}

function openLast(messages: readonly SourceMessage[]): readonly SourceMessage[] {
  return messages.map((message, at) =>
    at === messages.length - 1 ? { ...message, content: message.content + OPEN_END } : message,
  );
}

/** A template that trims the message has trimmed the mark too, and then the message's own last spaces are not wanted either. */
function cutAtOpenEnd(text: string): string {
  const at = text.lastIndexOf(OPEN_END.trimEnd());
  if (at < 0) {
    throw refused(
      'continue_final_message is set, but the model’s chat template leaves the final message out.',
    );
  }
  const before = text.slice(0, at);
  return text.startsWith(OPEN_END, at) ? before : before.trimEnd();
}

function refused(message: string): LlmOpsError {
  return new LlmOpsError('param_out_of_range', message, { param: 'messages' });
}
