import { z } from 'zod';
import { separatorStyles, type SeparatorStyleName } from './styles/separator-styles.ts';

const stopText = z.string().min(1, 'expected a text that is not empty');
const styleNames = Object.keys(separatorStyles) as readonly SeparatorStyleName[];

/**
 * A conversation template: how one family of models wants a conversation written, and what ends an answer. The keys are those of the
 * originals (`Conversation` in FastChat and llm-ops), so a template can be copied from there. Unknown keys are errors.
 */
export const ConversationTemplate = z
  .strictObject({
    /** Equal to the file's name without its ending. */
    name: z.string().min(1),
    /** Where the system message goes: each `{system_message}` in it. Other braces are ordinary text. */
    system_template: z.string(),
    /** The system message of a conversation that brings none. */
    system_message: z.string().default(''),
    /** The labels of the user and of the assistant. A third one (the system's) may follow; no prompt shows it. */
    roles: z.tuple([z.string(), z.string()]).rest(z.string()).readonly(),
    /** Few-shot turns before every conversation: `[label, text]`. */
    messages: z
      .array(z.tuple([z.string(), z.string()]).readonly())
      .readonly()
      .default([]),
    sep_style: z.enum(styleNames),
    sep: z.string(),
    sep2: z.string().nullable().default(null),
    /** Text that ends an answer. */
    stop_str: z
      .union([stopText, z.array(stopText).readonly(), z.null()], {
        error: 'expected a text, a list of texts, or null',
      })
      .default(null),
    /** Token ids that end an answer. */
    stop_token_ids: z.array(z.int().nonnegative()).readonly().nullable().default(null),
  })
  .superRefine(({ sep_style, sep2, roles, messages }, context) => {
    if (separatorStyles[sep_style].needsSep2 && sep2 === null) {
      context.addIssue({
        code: 'custom',
        path: ['sep2'],
        message: `the style ${sep_style} needs it`,
      });
    }
    messages.forEach(([label], at) => {
      if (roles.includes(label)) return;
      context.addIssue({
        code: 'custom',
        path: ['messages', at, 0],
        message: `${JSON.stringify(label)} is not one of the roles ${JSON.stringify(roles)}`,
      });
    });
  })
  .readonly();
export type ConversationTemplate = z.infer<typeof ConversationTemplate>;

export const TEMPLATE_KEYS: readonly string[] = Object.keys(ConversationTemplate.unwrap().shape);
