import type { TextSource } from '../text-source.ts';
import type { ChatMessages } from './bodies.ts';
import { refusals } from './refusals.ts';

export type ChatTokensRequest = {
  readonly messages: ChatMessages;
  readonly add_generation_prompt?: boolean | null | undefined;
  readonly continue_final_message?: boolean | null | undefined;
  readonly add_special_tokens?: boolean | null | undefined;
};

/** A conversation as the model sees it, for a chat and for `/tokenize`. Throws `param_out_of_range` for none, and for pictures and the like. */
export function toChatTokens(body: ChatTokensRequest, source: TextSource): readonly number[] {
  if (body.messages.length === 0) throw refusals.noMessages();
  const messages = body.messages.map(({ role, content }) => ({
    role,
    content: toText(content, source.model),
  }));
  const continueFinalMessage = body.continue_final_message ?? false;
  const addGenerationPrompt = body.add_generation_prompt ?? true;
  if (continueFinalMessage && addGenerationPrompt) throw refusals.bothEnds();
  return source.chatTokens(messages, {
    addGenerationPrompt,
    continueFinalMessage,
    addSpecialTokens: body.add_special_tokens ?? false,
  });
}

/** The parts that vLLM knows for models that see or hear. */
const OTHER_PARTS = /^(image|audio|video|input_audio|file)/;

function toText(content: ChatMessages[number]['content'], model: string): string {
  if (typeof content === 'string') return content;
  return (content ?? [])
    .map((part) => {
      if (part.type === 'text') return part.text ?? '';
      throw OTHER_PARTS.test(part.type)
        ? refusals.notMultimodal(model)
        : refusals.unknownPart(part.type);
    })
    .join('\n');
}
