import { stat } from 'node:fs/promises';
import path from 'node:path';
import { problemsError } from './problem.ts';
import { readConfigText } from './read-config-text.ts';
import { isMapping } from './schema/mapping.ts';
import { parseDirectory, parseStackName } from './schema/scalars.ts';
import { toProblem } from './to-problems.ts';
import { DEFAULT_STACK_NAME } from './to-stack-config.ts';
import { readYaml } from './yaml-file.ts';

/**
 * Only the name of the stack in a configuration file, and the file's absolute directory: enough to end what runs, whatever else is
 * wrong with the file by now. Throws `config_invalid` when the file is not there, is no YAML, or has a name that none can be.
 */
export async function loadStackName(
  file: string,
): Promise<{ readonly name: string; readonly directory: string }> {
  const { content, problems } = readYaml(await readConfigText(file), file);
  if (content === undefined) throw problemsError(problems);
  const written = isMapping(content) ? (content['name'] ?? null) : null;
  return {
    name: written === null ? DEFAULT_STACK_NAME : parseStackName(written),
    directory: path.dirname(path.resolve(file)),
  };
}

/**
 * Only the directory of the user's own conversation templates, absolute; null: the file names none. Their names have to be known before
 * the rest can be checked. Throws `config_invalid` when the file is no YAML, or the directory is not there.
 */
export async function loadTemplateDirectory(file: string): Promise<string | null> {
  const yaml = readYaml(await readConfigText(file), file);
  const written = isMapping(yaml.content) ? (yaml.content['templates'] ?? null) : null;
  // What is no path is told with everything else that is wrong.
  if (typeof written !== 'string' || written === '') return null;
  const directory = parseDirectory(written, path.dirname(path.resolve(file)));
  const isThere = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isThere) return directory;
  const hint = `a directory of conversation templates, \`<name>.yml\` each; relative paths start at the directory of ${file}`;
  const message = `${directory} is no directory`;
  throw problemsError([
    toProblem({ path: ['templates'], at: 'value', message, hint }, { file, yaml }),
  ]);
}
