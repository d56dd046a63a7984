/** `template check`: renders the conversations of a file, and compares the prompts with those that the file expects. */
import { readFile } from 'node:fs/promises';

import { LlmOpsError } from '../../../errors.ts';
import { checkRow, type RowCheck } from '../../../prompts/check-rows.ts';
import type { Dialect } from '../../../prompts/styles/style.ts';
import type { CliContext, CommonOptions } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';
import { readTemplates } from './read-templates.ts';

export type TemplateCheckOptions = CommonOptions & {
  /** A file with one JSON object a line. */
  readonly rows: string;
  /** Whose names the rows have. */
  readonly dialect: Dialect;
};

/** Who reads the first ones knows what is wrong. */
const SHOWN = 10;

type Different = { readonly line: number; readonly check: RowCheck };

export async function templateCheck(
  options: TemplateCheckOptions,
  context: CliContext,
): Promise<ExitStatus> {
  const { dialect, rows } = options;
  const templates = await readTemplates(options, context);
  const different: Different[] = [];
  let equal = 0;
  for (const [at, text] of (await readLines(rows)).entries()) {
    if (text.trim() === '') continue;
    const check = checkRow(text, { dialect, templates });
    if (check.outcome === 'equal') equal += 1;
    else different.push({ line: at + 1, check });
  }
  if (equal + different.length === 0)
    throw new LlmOpsError('usage', `${rows} has no rows`, { param: 'FILE', hint: FORM });
  const { terminal } = context;
  if (options.json) {
    const shown = different.map(({ line: at, check }) => ({ line: at, ...check }));
    terminal.out(JSON.stringify({ equal, different: shown }, null, 2));
  } else {
    for (const each of different.slice(0, SHOWN)) terminal.out(printDifference(rows, each));
    if (different.length > SHOWN)
      terminal.out(`… and ${String(different.length - SHOWN)} more; --json lists all`);
    terminal.out(`${String(equal)} equal, ${String(different.length)} different`);
  }
  return different.length === 0 ? 0 : 1;
}

const FORM =
  'One JSON object a line: {"template", "system_message", "messages": [{"role", "text"}], "prompt"}.';

/** By line feeds alone: what else ends a line for people (U+2028) may stand in a JSON text. */
async function readLines(file: string): Promise<readonly string[]> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file)).split('\n');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmOpsError('usage', `cannot read ${file}: ${reason}`, { param: 'FILE', hint: FORM });
  }
}

function printDifference(file: string, { line, check }: Different): string {
  const about = [check.template, check.case].filter((each) => each !== null).join(', ');
  const head = [`${file}:${String(line)}`, ...(about === '' ? [] : [about])].join(': ');
  if (check.outcome === 'unreadable') return `${head}: ${check.reason}`;
  if (check.outcome === 'equal') return head;
  const lines = check.differences.map((difference) => {
    const place =
      difference.field === 'prompt'
        ? ` at character ${String(difference.offset)} (line ${String(difference.line)}, column ${String(difference.column)})`
        : '';
    return `  ${difference.field}${place}\n    expected ${difference.expected}\n    actual   ${difference.actual}`;
  });
  return [head, ...lines].join('\n');
}
