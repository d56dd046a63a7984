/** `template list`: the conversation templates by name. */
import { printTable } from '../../../plan/print-table.ts';
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
    terminal.out(JSON.stringify({ templates: [...templates.values()] }, null, 2));
    return 0;
  }
  const rows = [...templates].map(([name, { sep_style, system_message, stop_str }]) => [
    name,
    sep_style,
    stop_str === null
      ? '-'
      : [stop_str]
          .flat()
          .map((text) => JSON.stringify(text))
          .join(' '),
    system_message === '' ? '-' : JSON.stringify(system_message),
  ]);
  terminal.out(printTable([['NAME', 'STYLE', 'STOP', 'DEFAULT SYSTEM MESSAGE'], ...rows], 100));
  return 0;
}
