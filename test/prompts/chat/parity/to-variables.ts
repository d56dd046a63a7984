import type { ChatRequest } from '../../../../src/prompts/chat/chat-template.ts';
import type { OwnTemplate } from '../../../../src/prompts/chat/read-own-template.ts';

/** What transformers' `apply_chat_template` hands to the template, written down apart from our own code. */
export function toVariables(
  template: OwnTemplate,
  request: ChatRequest,
): { readonly source: string; readonly variables: Readonly<Record<string, unknown>> } {
  const { bosToken, eosToken, otherTokens, source, toolSource } = template;
  const hasTools = request.tools !== undefined && request.tools !== null;
  return {
    source: hasTools && toolSource !== null ? toolSource : source,
    variables: {
      ...otherTokens,
      ...(bosToken !== null && { bos_token: bosToken }),
      ...(eosToken !== null && { eos_token: eosToken }),
      ...request.variables,
      messages: request.messages,
      tools: request.tools ?? null,
      documents: request.documents ?? null,
      add_generation_prompt: request.addGenerationPrompt,
    },
  };
}
