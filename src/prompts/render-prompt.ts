import { ZERO_WIDTH_SPACE, type ControlTokens } from './control-tokens/compile.ts';
import { controlTokensOf } from './control-tokens/control-tokens-of.ts';
import { countControlTokens } from './control-tokens/count.ts';
import { neutralise } from './control-tokens/neutralise.ts';
import type { ConversationTemplate } from './conversation-template.ts';
import { separatorStyles } from './styles/separator-styles.ts';

export type PromptConversation = {
  /** null: the template's default system message; an empty text: none. */
  readonly system: string | null;
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly text: string }[];
};

export type RenderOptions = {
  /** Leave control tokens in the conversation's texts as they are, as the originals do. Default: false, they are neutralised. */
  readonly allowControlTokens?: boolean;
};

/**
 * The text that the model gets, with the assistant's turn opened at its end: the same bytes as `get_prompt` of llm-ops and FastChat
 * after `append_message(roles[1], None)`, but for control tokens in the conversation's texts. Pure; no text makes it throw.
 */
export function renderPrompt(
  template: ConversationTemplate,
  conversation: PromptConversation,
  { allowControlTokens = false }: RenderOptions = {},
): string {
  const tokens = controlTokensOf(template);
  if (allowControlTokens || !hasEdge(conversation, tokens)) return write(template, conversation);
  const parted = mapTexts(conversation, (text) => neutralise(text, tokens));
  const prompt = write(template, parted);
  // What the template writes by itself. Where there is more, a token was cut in two, and its parts came together where texts meet.
  const own = write(
    template,
    mapTexts(parted, () => ZERO_WIDTH_SPACE),
  );
  if (countControlTokens(prompt, tokens) <= countControlTokens(own, tokens)) return prompt;
  return write(
    template,
    mapTexts(parted, (text) => ZERO_WIDTH_SPACE + text + ZERO_WIDTH_SPACE),
  );
}

/** Most conversations have none, and need no second look. */
function hasEdge({ system, messages }: PromptConversation, { edge }: ControlTokens): boolean {
  return edge.test(system ?? '') || messages.some(({ text }) => edge.test(text));
}

/** Empty texts stay empty: they mean something. */
function mapTexts(
  { system, messages }: PromptConversation,
  change: (text: string) => string,
): PromptConversation {
  const changed = (text: string) => (text === '' ? '' : change(text));
  return {
    system: system === null ? null : changed(system),
    messages: messages.map(({ role, text }) => ({ role, text: changed(text) })),
  };
}

function write(template: ConversationTemplate, { system, messages }: PromptConversation): string {
  const [userLabel, assistantLabel] = template.roles;
  const systemMessage = system ?? template.system_message;
  return separatorStyles[template.sep_style].render({
    template,
    systemMessage,
    // Not String.replace: it would read `$&` in a system message as a pattern.
    systemText: template.system_template.split('{system_message}').join(systemMessage),
    turns: [
      ...template.messages.map(([label, text]) => ({ label, text })),
      ...messages.map(({ role, text }) => ({
        label: role === 'user' ? userLabel : assistantLabel,
        text,
      })),
      { label: assistantLabel, text: '' },
    ],
  });
}
