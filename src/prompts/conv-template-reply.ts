import type { ConversationTemplate } from './conversation-template.ts';
import { separatorStyles } from './styles/separator-styles.ts';
import type { Dialect } from './styles/style.ts';

type ConvTemplateReply = {
  readonly conv: Omit<ConversationTemplate, 'sep_style'> & {
    /** Length of `messages`: where the real conversation begins. */
    readonly offset: number;
    readonly sep_style: number;
    readonly system_message_vision?: string;
    readonly max_image_size_mb?: number | null;
  };
};

/**
 * The body of `worker_conv_template` (llm-ops) and `worker_get_conv_template` (FastChat). FastChat's API server copies the fields into
 * a conversation of its own and answers 500 to every chat when one of them, or the number of the style, is unknown to it; so the
 * number is the dialect's. FastChat's two further fields are for pictures; they have its defaults.
 */
export function convTemplateReply(
  template: ConversationTemplate,
  dialect: Dialect,
): ConvTemplateReply {
  const { name, system_template, system_message, roles, messages } = template;
  const { sep_style, sep, sep2, stop_str, stop_token_ids } = template;
  return {
    conv: {
      name,
      system_template,
      system_message,
      ...(dialect === 'fastchat' && { system_message_vision: '' }),
      roles,
      messages,
      offset: messages.length,
      sep_style: separatorStyles[sep_style].integers[dialect],
      sep,
      sep2,
      stop_str,
      stop_token_ids,
      ...(dialect === 'fastchat' && { max_image_size_mb: null }),
    },
  };
}
