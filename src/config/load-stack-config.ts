import { access } from 'node:fs/promises';
import path from 'node:path';
import { problemsError, type Problem } from './problem.ts';
import { readConfigText } from './read-config-text.ts';
import { findConflicts } from './schema/conflicts.ts';
import { isMapping } from './schema/mapping.ts';
import { stackSchema } from './schema/stack-schema.ts';
import type { StackConfig } from './stack-config.ts';
import { issueToProblems, toProblem, type ProblemContext } from './to-problems.ts';
import { toStackConfig } from './to-stack-config.ts';
import { quoted } from './values/mismatch.ts';
import { readYaml } from './yaml-file.ts';

export type LoadedConfig = {
  readonly config: StackConfig;
  /** Absolute. */
  readonly file: string;
  /** Absolute: the file's own directory. */
  readonly directory: string;
};

export type LoadOptions = {
  /** Names of the conversation templates that exist. */
  readonly templates: readonly string[];
};

/**
 * Reads `llm-ops.yml` and looks whether the certificates and models that it names by path are there. Throws one `config_invalid` that
 * tells every problem with its line and column; its `details.problems` is a list of `Problem`.
 */
export async function loadStackConfig(file: string, options: LoadOptions): Promise<LoadedConfig> {
  const text = await readConfigText(file);
  const { config, context } = parse(text, { ...options, file });
  const absent = await absentFiles(config, context);
  if (absent.length > 0) throw problemsError(absent);
  const absolute = path.resolve(file);
  return { config, file: absolute, directory: path.dirname(absolute) };
}

/** The same for a text, without a look at the disk. `file` names the text in messages; relative paths start at its directory. */
export function parseStackConfig(
  text: string,
  options: LoadOptions & { readonly file: string },
): StackConfig {
  return parse(text, options).config;
}

type Parsed = { readonly config: StackConfig; readonly context: ProblemContext };

function parse(text: string, { file, templates }: LoadOptions & { file: string }): Parsed {
  const yaml = readYaml(text, file);
  const context = { file, yaml };
  const { content } = yaml;
  if (content === undefined) throw problemsError(yaml.problems);
  if (!isMapping(content)) throw problemsError([...yaml.problems, notAMapping(content, context)]);

  const schema = stackSchema({ directory: path.dirname(path.resolve(file)), templates });
  const result = schema.safeParse(content);
  const problems = [
    ...yaml.problems,
    ...(result.error?.issues ?? []).flatMap((issue) => issueToProblems(issue, context)),
    ...findConflicts(content).map((conflict) => toProblem(conflict, context)),
  ];
  if (!result.success || problems.length > 0) throw problemsError(problems);
  return { config: toStackConfig(result.data), context };
}

function notAMapping(content: unknown, context: ProblemContext): Problem {
  const message =
    content === null ? 'the file is empty' : `${quoted(content)} where the sections should be`;
  const hint =
    'at least `services: { my-model: { source: org/name } }`; `llm-ops init` writes a file to start from';
  return toProblem({ path: [], at: 'value', message, hint }, context);
}

async function absentFiles(
  config: StackConfig,
  context: ProblemContext,
): Promise<readonly Problem[]> {
  const { tls } = config.gateway;
  const named: { path: string[]; file: string; what: string }[] = [];
  if (tls.kind === 'files')
    for (const key of ['cert', 'key'] as const)
      named.push({ path: ['gateway', 'tls', key], file: tls[key], what: 'a PEM file' });
  for (const { name, source } of config.services)
    if (source?.kind === 'path')
      named.push({ path: ['services', name, 'source'], file: source.path, what: 'a model' });

  for (const { name, template } of config.services)
    if (template.from.kind === 'file')
      named.push({
        path: ['services', name, 'template'],
        file: template.from.path,
        what: 'a conversation template or a chat template',
      });

  const problems = named.map(async ({ path, file, what }) => {
    if (await isThere(file)) return [];
    const hint = `${what} on this machine; relative paths start at the directory of ${context.file}`;
    return [toProblem({ path, at: 'value', message: `${file} is not there`, hint }, context)];
  });
  return (await Promise.all(problems)).flat();
}

async function isThere(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
