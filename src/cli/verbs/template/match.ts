/** `template match`: which template a model has by its path, one name a line. */
import { readFileSync } from 'node:fs';

import { matchTemplate } from '../../../prompts/matching/match-template.ts';
import type { Dialect } from '../../../prompts/styles/style.ts';
import type { CliContext, CommonOptions } from '../../cli-context.ts';
import type { ExitStatus } from '../../exit-code.ts';

export type TemplateMatchOptions = Pick<CommonOptions, 'json' | 'verbose'> & {
  readonly paths: readonly string[];
  /** Whose rules, and whose names. */
  readonly dialect: Dialect;
};

export function templateMatch(
  { paths, dialect, json }: TemplateMatchOptions,
  { terminal }: CliContext,
): Promise<ExitStatus> {
  const matches = paths.map((path) => ({
    model_path: path,
    ...matchTemplate(path, { dialect, files: readIfThere }),
  }));
  const printed = matches.map(({ isFallback, ...match }) => ({
    ...match,
    is_fallback: isFallback,
  }));
  terminal.out(
    json
      ? JSON.stringify({ matches: printed }, null, 2)
      : matches.map(({ template }) => template).join('\n'),
  );
  return Promise.resolve(0);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
