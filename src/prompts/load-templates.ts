import { readdir, readFile } from 'node:fs/promises';
import { join, sep as pathSeparator } from 'node:path';
import { LlmOpsError } from '../errors.ts';
import type { ConversationTemplate } from './conversation-template.ts';
import { parseTemplate, type ParsedTemplate, type TemplateProblem } from './parse-template.ts';

/** One directory, or several: a template of a later one takes the place of an earlier one's with its name. */
export type TemplateDirectories = string | readonly string[];

/**
 * Reads every template below the directories: one `.yml` or `.yaml` file each, keyed by its path without the ending (`mistral`,
 * `fastchat/mistral`), in the order of the keys. Files and folders whose name begins with a dot, and other endings, are passed over.
 *
 * @throws LlmOpsError `config_invalid` naming everything wrong in all files at once, a line each as `file:line:column: what`;
 * `details.problems` has the same as data.
 */
export async function loadTemplates(
  directories: TemplateDirectories,
): Promise<ReadonlyMap<string, ConversationTemplate>> {
  const files = await findTemplateFiles(directories);
  const parsed = await Promise.all(
    files.map(async (entry) => ({ ...entry, ...(await read(entry.file)) })),
  );
  const problems = [...parsed.flatMap((entry) => entry.problems), ...findDuplicates(files)];
  if (problems.length > 0) throw invalidTemplates(problems);
  const templates = parsed.flatMap(({ name, template }) =>
    template ? [[name, template] as const] : [],
  );
  // The sort keeps one name's files in the order of their directories, and a map keeps the last one.
  return new Map(templates.sort(([a], [b]) => compare(a, b)));
}

/** One template's file, wherever it lies. Throws `config_invalid` like loadTemplates. */
export async function loadTemplateFile(file: string): Promise<ConversationTemplate> {
  const { template, problems } = await read(file);
  if (template === null) throw invalidTemplates(problems);
  return template;
}

/** The names of the templates below the directories, sorted, without reading the files. */
export async function listTemplateNames(
  directories: TemplateDirectories,
): Promise<readonly string[]> {
  const files = await findTemplateFiles(directories);
  return [...new Set(files.map(({ name }) => name))].sort(compare);
}

type TemplateFile = { readonly name: string; readonly file: string; readonly directory: string };

async function findTemplateFiles(
  directories: TemplateDirectories,
): Promise<readonly TemplateFile[]> {
  const all = typeof directories === 'string' ? [directories] : new Set(directories);
  return (await Promise.all([...all].map((directory) => findFilesBelow(directory)))).flat();
}

async function findFilesBelow(directory: string): Promise<readonly TemplateFile[]> {
  const paths = await readdir(directory, { recursive: true }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmOpsError('config_invalid', `cannot read the conversation templates: ${reason}`, {
      hint: 'Name a directory that exists and that this user may read.',
      cause,
    });
  });
  return paths
    .map((path) => path.split(pathSeparator))
    .filter((parts) => !parts.some((part) => part.startsWith('.')))
    .map((parts) => parts.join('/'))
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => ({ name: path.replace(/\.ya?ml$/, ''), file: join(directory, path), directory }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.file, b.file));
}

async function read(file: string): Promise<ParsedTemplate> {
  let text: string;
  try {
    // Decoding without `fatal` would put U+FFFD into prompts in silence.
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      template: null,
      problems: [{ file, line: 1, column: 1, message: `cannot be read: ${reason}` }],
    };
  }
  return parseTemplate({ file, text });
}

function findDuplicates(files: readonly TemplateFile[]): readonly TemplateProblem[] {
  return files.flatMap(({ name, file, directory }, at) => {
    const earlier = files[at - 1];
    if (earlier?.name !== name || earlier.directory !== directory) return [];
    return [
      { file, line: 1, column: 1, message: `${earlier.file} has the same name; keep one of them` },
    ];
  });
}

function invalidTemplates(problems: readonly TemplateProblem[]): LlmOpsError {
  const lines = problems.map((p) => `${p.file}:${p.line}:${p.column}: ${p.message}`);
  return new LlmOpsError('config_invalid', lines.join('\n'), {
    hint: 'Correct the conversation templates named above.',
    details: { problems },
  });
}

/** By code units, so that the order is the same in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
