import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { LlmOpsError } from '../../../errors.ts';
import type { LlamaPackage } from './package-api.ts';

/** Loads node-llama-cpp from `directory/node_modules`. Throws `engine_missing` when it is not there or is another kind of thing. */
export async function openPackage(directory: string): Promise<LlamaPackage> {
  const root = join(directory, 'node_modules', 'node-llama-cpp');
  try {
    const { main } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      readonly main: string;
    };
    return (await import(pathToFileURL(join(root, main)).href)) as LlamaPackage;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LlmOpsError('engine_missing', `Cannot load node-llama-cpp from ${root}: ${reason}.`, {
      hint: '--package wants the directory in which it was installed.',
      cause: error,
    });
  }
}
