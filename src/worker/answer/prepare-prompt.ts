/** From what a client asks to what its engine gets: the prompt by the version's template, and what goes with that. */
import type { WorkerTemplate } from '../../config/worker-config.ts';
import type { Prompt, Sampling } from '../../engines/engine.ts';
import { beginsItself } from '../../prompts/begins-itself.ts';
import { chatControlTokens } from '../../prompts/chat/chat-control-tokens.ts';
import type { ChatRenderer } from '../../prompts/chat/chat-renderer.ts';
import type { ChatTemplate } from '../../prompts/chat/chat-template.ts';
import { compileControlTokens, type ControlTokens } from '../../prompts/control-tokens/compile.ts';
import { neutralise } from '../../prompts/control-tokens/neutralise.ts';
import { renderPrompt } from '../../prompts/render-prompt.ts';
import type { Conversation, GenerateRequest } from './generate-request.ts';

export type EngineRequest = { readonly prompt: Prompt; readonly sampling: Sampling };

/** Which tokens an engine's own template has is not known here: those of the common families, beside everything like `<|name|>`. */
const ANY_MODELS = compileControlTokens([
  ...['<s>', '</s>', '[INST]', '[/INST]', '<<SYS>>', '<</SYS>>'],
  ...['<bos>', '<eos>', '<start_of_turn>', '<end_of_turn>'],
]);

type Tools = {
  readonly template: WorkerTemplate | null;
  readonly allowControlTokens: boolean;
  readonly chatRenderer: ChatRenderer;
  readonly signal: AbortSignal;
};

/**
 * A prompt of the client's own goes through as it is; no engine puts a second first token before it. A conversation is rendered by the template, or left to the engine; control tokens
 * in it are neutralised unless the service allows them. Throws `template_failed`, and the signal's reason.
 */
export async function preparePrompt(
  { input, sampling }: GenerateRequest,
  tools: Tools,
): Promise<EngineRequest> {
  const { template, allowControlTokens } = tools;
  if (input.kind === 'completion') {
    const hasSpecialTokens = beginsItself(input.prompt);
    return {
      prompt: asText(input.prompt, { hasSpecialTokens }),
      sampling: withoutTemplates(sampling, template),
    };
  }
  if (template === null) {
    const said = toMessages(input, { emptySystem: true });
    const messages = allowControlTokens ? said : harmless(said, ANY_MODELS);
    return { prompt: { kind: 'chat', messages }, sampling };
  }
  if (template.kind === 'chat') {
    const text = await renderChat(input, template, tools);
    const stop = template.eos_token === null ? [] : [template.eos_token];
    // A chat template writes all special tokens itself, the first one too where its model wants one.
    return {
      prompt: asText(text, { hasSpecialTokens: true }),
      sampling: withStops(sampling, { stop, stopTokenIds: [] }),
    };
  }
  const { conversation } = template;
  const said = { system: input.system, messages: input.turns };
  const text = renderPrompt(conversation, said, { allowControlTokens });
  const { stop_str: stop, stop_token_ids: stopTokenIds } = conversation;
  return {
    prompt: asText(text, { hasSpecialTokens: beginsItself(text) }),
    sampling: withStops(sampling, {
      stop: typeof stop === 'string' ? [stop] : (stop ?? []),
      stopTokenIds: stopTokenIds ?? [],
    }),
  };
}

function asText(text: string, { hasSpecialTokens }: { hasSpecialTokens: boolean }): Prompt {
  return { kind: 'text', text, hasSpecialTokens };
}

function renderChat(
  input: Conversation,
  template: WorkerChatTemplate,
  { chatRenderer, allowControlTokens, signal }: Tools,
): Promise<string> {
  const { chat, tokens } = compile(template);
  // Some templates refuse a system message, so an empty one is none.
  const said = toMessages(input, { emptySystem: false });
  const messages = allowControlTokens ? said : harmless(said, tokens);
  return chatRenderer.render(chat, { messages, addGenerationPrompt: true }, signal);
}

type WorkerChatTemplate = Extract<WorkerTemplate, { kind: 'chat' }>;

type Compiled = { readonly chat: ChatTemplate; readonly tokens: ControlTokens };

const compiled = new WeakMap<WorkerChatTemplate, Compiled>();

function compile(template: WorkerChatTemplate): Compiled {
  const known = compiled.get(template);
  if (known !== undefined) return known;
  const { source, bos_token, eos_token, other_tokens, special_tokens } = template;
  const chat = { source, bosToken: bos_token, eosToken: eos_token, otherTokens: other_tokens };
  const made = { chat, tokens: chatControlTokens(chat, special_tokens) };
  compiled.set(template, made);
  return made;
}

type Messages = ReturnType<typeof toMessages>;

function harmless(messages: Messages, tokens: ControlTokens): Messages {
  return messages.map(({ role, content }) => ({ role, content: neutralise(content, tokens) }));
}

function toMessages(
  { system, turns }: Conversation,
  { emptySystem }: { readonly emptySystem: boolean },
) {
  const isSaid = system !== null && (emptySystem || system !== '');
  return [
    ...(isSaid ? [{ role: 'system', content: system } as const] : []),
    ...turns.map(({ role, text }) => ({ role, content: text })),
  ];
}

/** What ends a turn in the template ends the answer, beside what the client asked for. */
function withStops(
  sampling: Sampling,
  { stop, stopTokenIds }: Pick<Sampling, 'stop' | 'stopTokenIds'>,
): Sampling {
  return {
    ...sampling,
    stop: [...new Set([...sampling.stop, ...stop])],
    templateStopTokenIds: stopTokenIds,
  };
}

/** FastChat's server asks for the template, and sends its stop tokens with each prompt as if they were its own. */
function withoutTemplates(sampling: Sampling, template: WorkerTemplate | null): Sampling {
  const ids = template?.kind === 'conversation' ? (template.conversation.stop_token_ids ?? []) : [];
  if (ids.length === 0 || sampling.stopTokenIds.length === 0) return sampling;
  return {
    ...sampling,
    stopTokenIds: sampling.stopTokenIds.filter((id) => !ids.includes(id)),
    templateStopTokenIds: sampling.stopTokenIds.filter((id) => ids.includes(id)),
  };
}
