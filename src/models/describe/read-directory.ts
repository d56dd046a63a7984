/** What the files of a Hugging Face model directory say. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { LlmOpsError } from '../../errors.ts';
import { listNames } from '../selection/list-names.ts';
import { type JsonObject, readConfig } from './hugging-face-config.ts';
import type { ChatTemplate, ModelFacts } from './model-facts.ts';
import { readSafetensors, type Tensor } from './read-safetensors.ts';

export type DirectoryFacts = Omit<ModelFacts, 'files' | 'bytes'>;

const FETCH_AGAIN = 'Fetch it again with llm-ops model pull, or get a whole copy of it.';
const SAFETENSORS_INDEX = 'model.safetensors.index.json';

/** `names`: its files, relative to it. What is not there is not known. Throws `model_corrupt`. */
export async function readDirectory(
  directory: string,
  names: readonly string[],
): Promise<DirectoryFacts> {
  const [config, chatTemplate, weightFiles] = await Promise.all([
    readJson(directory, 'config.json'),
    readTemplate(directory),
    findWeights(directory, names),
  ]);
  const said = readConfig(config ?? {});
  const isReadable = weightFiles.every((name) => name.endsWith('.safetensors'));
  const tensors = isReadable
    ? (await Promise.all(weightFiles.map((name) => readSafetensors(join(directory, name))))).flat()
    : [];
  const sizes = await Promise.all(
    weightFiles.map(async (name) => (await stat(join(directory, name))).size),
  );
  return {
    architecture: said.architecture,
    parameters: countParameters(tensors, said.quantization !== null),
    contextLength: said.contextLength,
    quantization: said.quantization ?? mainType(tensors),
    chatTemplate,
    memory: { weightsBytes: sizes.reduce((sum, size) => sum + size, 0), kvCache: said.kvCache },
  };
}

/** The files that an engine loads: others, of another format or in folders, are the same weights once more. */
async function findWeights(
  directory: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const own = names.filter((name) => !name.includes('/'));
  if (own.includes('model.safetensors')) return ['model.safetensors'];
  const index = await readJson(directory, SAFETENSORS_INDEX);
  const map = index?.['weight_map'];
  if (typeof map === 'object' && map !== null) {
    const shards = new Set(Object.values(map as Record<string, unknown>).map(String));
    const missing = [...shards].filter((name) => !own.includes(name));
    if (missing.length > 0)
      throw new LlmOpsError(
        'model_corrupt',
        `Parts of the model are missing: ${listNames(missing)}.`,
        { hint: FETCH_AGAIN, details: { missing } },
      );
    return [...shards];
  }
  for (const ending of ['.safetensors', '.bin', '.pth']) {
    const found = own.filter((name) => name.endsWith(ending));
    if (found.length > 0) return found;
  }
  return [];
}

/** Where the file of its own is there, it wins over the tokenizer's configuration, as in transformers. */
async function readTemplate(directory: string): Promise<ChatTemplate | null> {
  const own = await readIfThere(join(directory, 'chat_template.jinja'));
  if (own !== null) return { text: own, from: 'chat_template.jinja' };
  const tokenizer = await readJson(directory, 'tokenizer_config.json');
  const text = defaultTemplate(tokenizer?.['chat_template']);
  return text === null ? null : { text, from: 'tokenizer_config.json' };
}

/** One template, or a list of named ones: then the one that is used when nobody names one, else the first. */
function defaultTemplate(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const named = value.filter(
    (one: unknown): one is { name: unknown; template: string } =>
      typeof one === 'object' &&
      one !== null &&
      'name' in one &&
      'template' in one &&
      typeof one.template === 'string',
  );
  return (named.find(({ name }) => name === 'default') ?? named[0])?.template ?? null;
}

/** null where several weights are packed into one number: their count is not to be seen. */
function countParameters(tensors: readonly Tensor[], isQuantized: boolean): number | null {
  const isPacked = tensors.some(
    ({ dtype, shape }) => shape.length > 1 && (dtype === 'I32' || dtype === 'U8'),
  );
  if (tensors.length === 0 || (isQuantized && isPacked)) return null;
  return tensors.reduce((sum, tensor) => sum + elementsOf(tensor), 0);
}

/** The type of most weights. */
function mainType(tensors: readonly Tensor[]): string | null {
  const elements = new Map<string, number>();
  for (const tensor of tensors)
    elements.set(tensor.dtype, (elements.get(tensor.dtype) ?? 0) + elementsOf(tensor));
  const [most] = [...elements].sort(([, one], [, other]) => other - one);
  return most?.[0] ?? null;
}

function elementsOf({ shape }: Tensor): number {
  return shape.reduce((product, size) => product * size, 1);
}

async function readJson(directory: string, name: string): Promise<JsonObject | null> {
  const text = await readIfThere(join(directory, name));
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch (error) {
    throw new LlmOpsError('model_corrupt', `${name} of the model is no JSON`, {
      hint: FETCH_AGAIN,
      details: { file: join(directory, name) },
      cause: error,
    });
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
