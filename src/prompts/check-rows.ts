import { isDeepStrictEqual } from 'node:util';
import type { ConversationTemplate } from './conversation-template.ts';
import { findTemplateName } from './find-template-name.ts';
import { renderPrompt, type PromptConversation } from './render-prompt.ts';
import type { Dialect } from './styles/style.ts';
import { findDifference, type TextDifference } from './rows/difference.ts';
import { parseRow, type PromptRow } from './rows/prompt-row.ts';

type RowDifference =
  | ({ readonly field: 'prompt' } & TextDifference)
  /** What the row has and what the template has, as JSON. */
  | {
      readonly field: 'stop_str' | 'stop_token_ids';
      readonly expected: string;
      readonly actual: string;
    };

export type RowCheck = {
  /** The row's template and case, as far as they could be read. */
  readonly template: string | null;
  readonly case: string | null;
} & (
  | { readonly outcome: 'equal' }
  | { readonly outcome: 'different'; readonly differences: readonly RowDifference[] }
  /** Nothing could be compared: the line is no row, or the template is not here. */
  | { readonly outcome: 'unreadable'; readonly reason: string }
);

export type CheckOptions = {
  /** Whose names the rows have. */
  readonly dialect: Dialect;
  readonly templates: ReadonlyMap<string, ConversationTemplate>;
};

/**
 * Renders the conversation of one line of a file of prompts and compares it with the line's own prompt, and with its stop texts and token
 * ids where it has them. Control tokens are left as they are, as the originals leave them. Pure; it does not throw.
 *
 * A row that says that the original failed is equal when that template is not here either.
 */
export function checkRow(line: string, { dialect, templates }: CheckOptions): RowCheck {
  const row = parseRow(line);
  if ('reason' in row) return { template: null, case: null, outcome: 'unreadable', ...row };
  const about = { template: row.template, case: row.case ?? null };
  const name = findTemplateName(templates, dialect, row.template);
  const template = name === null ? undefined : templates.get(name);
  if (template === undefined) {
    if (typeof row.prompt !== 'string') return { ...about, outcome: 'equal' };
    const reason = `there is no template ${JSON.stringify(row.template)} here`;
    return { ...about, outcome: 'unreadable', reason };
  }
  const differences = compare(row, template);
  return differences.length === 0
    ? { ...about, outcome: 'equal' }
    : { ...about, outcome: 'different', differences };
}

function compare(row: PromptRow, template: ConversationTemplate): readonly RowDifference[] {
  const prompt = renderPrompt(template, conversationOf(row), { allowControlTokens: true });
  const parted = findDifference(row.prompt ?? '', prompt);
  const fields = (['stop_str', 'stop_token_ids'] as const).filter(
    (field) => row[field] !== undefined && !isDeepStrictEqual(row[field], template[field]),
  );
  return [
    ...(parted === null ? [] : [{ field: 'prompt' as const, ...parted }]),
    ...fields.map((field) => ({
      field,
      expected: JSON.stringify(row[field]),
      actual: JSON.stringify(template[field]),
    })),
  ];
}

function conversationOf({ system_message, messages }: PromptRow): PromptConversation {
  const turns = messages.map(({ role, text, content }) => ({ role, text: text ?? content ?? '' }));
  const system = turns.findLast(({ role }) => role === 'system');
  return {
    system: system?.text ?? system_message ?? null,
    messages: turns.flatMap(({ role, text }) => {
      if (role === 'system') return [];
      return [{ role: role === 'user' || role === 'human' ? 'user' : 'assistant', text } as const];
    }),
  };
}
