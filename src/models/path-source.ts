import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { LlmOpsError } from '../errors.ts';
import { fileBytes, walkFiles } from './files/walk-files.ts';
import type { LocatedModel, ModelForm } from './model-store.ts';
import { ggufParts } from './selection/gguf-parts.ts';
import { listNames } from './selection/list-names.ts';
import { modelsIn } from './selection/select-gguf.ts';

const WEIGHTS = /\.(safetensors|bin|pth|pt)$/i;

/** A model that the user brought: it is only looked at. Throws `model_not_found`, also when a part of a split GGUF is missing. */
export async function lookAtPath(path: string, form: ModelForm): Promise<LocatedModel> {
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => null,
  );
  if (isDirectory === null)
    throw new LlmOpsError('model_not_found', `There is no file or directory ${path}.`, {
      hint: 'A path is relative to the file that it is written in, on the command line to the current directory.',
    });
  if (isDirectory && form === 'gguf') throw await noFile(path);
  if (!isDirectory && form === 'directory') throw noDirectory(path);
  return isDirectory ? lookAtDirectory(path) : lookAtFile(path);
}

async function lookAtFile(path: string): Promise<LocatedModel> {
  const files = ggufParts(basename(path)).map((part) => join(dirname(path), part));
  const sizes = await Promise.all(files.map(fileBytes));
  const missing = files.filter((_, at) => sizes[at] === null);
  if (missing.length > 0)
    throw new LlmOpsError(
      'model_not_found',
      `Parts of the model are missing: ${listNames(missing)}.`,
    );
  return { path: files[0] ?? path, files, bytes: sum(sizes) };
}

async function lookAtDirectory(path: string): Promise<LocatedModel> {
  const names = await walkFiles(path);
  if (!names.some((name) => WEIGHTS.test(name)))
    throw new LlmOpsError('model_not_found', `The directory ${path} has no weights in it.`, {
      hint: names.length === 0 ? 'It is empty.' : `It has ${listNames(names)}.`,
    });
  const files = names.map((name) => join(path, name));
  return { path, files, bytes: sum(await Promise.all(files.map(fileBytes))) };
}

function noDirectory(path: string): LlmOpsError {
  return new LlmOpsError(
    'model_not_found',
    `${path} is a file, and only llama.cpp loads a single one, a GGUF.`,
    { hint: 'For the other engines name the directory with config.json in it.' },
  );
}

async function noFile(path: string): Promise<LlmOpsError> {
  const models = modelsIn(await walkFiles(path));
  return new LlmOpsError(
    'model_not_found',
    `${path} is a directory, and llama.cpp needs a GGUF file.`,
    {
      hint: models.length === 0 ? 'There is no GGUF in it.' : `It has ${listNames(models)}.`,
    },
  );
}

function sum(sizes: readonly (number | null)[]): number {
  return sizes.reduce<number>((total, bytes) => total + (bytes ?? 0), 0);
}
