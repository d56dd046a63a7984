/** `template show`: a template's fields, and what a short conversation becomes. */
import type { ConversationTemplate } from '../../../prompts/conversation-template.ts';
import { renderPrompt } from '../../../prompts/render-prompt.ts';
import type { CliContext, CommonOptions } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';
import { findTemplate, readTemplates } from './read-templates.ts';

export type TemplateShowOptions = CommonOptions & { readonly name: string };

export async function templateShow(
  options: TemplateShowOptions,
  context: CliContext,
): Promise<ExitStatus> {
  const template = findTemplate(await readTemplates(options, context), options.name);
  const { terminal } = context;
  const example = renderPrompt(template, {
    system: null,
    messages: [
      { role: 'user', text: 'Hello!' },
      { role: 'assistant', text: 'Hi.' },
      { role: 'user', text: 'How are you?' },
    ],
  });
  terminal.out(
    options.json
      ? JSON.stringify({ ...template, example }, null, 2)
      : `${printFields(template)}\n\n${printExample(example)}`,
  );
  return 0;
}

/** Texts are quoted, so that blanks and line ends show. */
function printFields(template: ConversationTemplate): string {
  return Object.entries(template)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `${`${key}:`.padEnd(17)}${JSON.stringify(value)}`)
    .join('\n');
}

function printExample(prompt: string): string {
  return `A conversation with it, as the model gets it:\n\n${prompt}`;
}
