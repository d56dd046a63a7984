import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename } from 'node:path';

import { LlmOpsError } from '../../errors.ts';

/** The text of a small file of a model, through links; null when there is none. Throws `config_invalid` when it has more bytes than that. */
export async function readText(path: string, mostBytes: number): Promise<string | null> {
  const file = await openIfThere(path);
  if (file === null) return null;
  try {
    const { size } = await file.stat();
    if (size > mostBytes) {
      throw new LlmOpsError('config_invalid', `${path} is too large: ${String(size)} bytes`, {
        hint: `${basename(path)} may have ${String(mostBytes)} bytes`,
      });
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** The names of the `.jinja` files in a folder, sorted; none when there is no such folder. */
export async function listTemplateFiles(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.jinja')).toSorted();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code))
  );
}
