/** `template list`: the conversation templates by name. */
import { printTable } from '../../../plan/print-table.ts';
import type { ConversationTemplate } from '../../../prompts/conversation-template.ts';
import type { CliContext, CommonOptions } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';
import { readTemplates } from './read-templates.ts';

export async function templateList(
  options: CommonOptions,
  context: CliContext,
): Promise<ExitStatus> {
  const templates = await readTemplates(options, context);
  const { terminal } = context;
  if (options.json) {
    terminal.out(JSON.stringify({ templates: [...templates].map(toEntry) }, null, 2));
    return 0;
  }
  const rows = [...templates].map(([name, { sep_style, stop_str }]) => [
    name,
    sep_style,
    stop_str === null
      ? '-'
      : [stop_str]
          .flat()
          .map((text) => JSON.stringify(text))
          .join(' '),
  ]);
  // A name that is cut cannot be typed.
  terminal.out(printTable([['NAME', 'STYLE', 'STOP'], ...rows], Infinity));
  return 0;
}

/** By the name that a service gives, which has the directory before it. */
function toEntry([name, template]: readonly [string, ConversationTemplate]): object {
  return { ...template, name };
}
