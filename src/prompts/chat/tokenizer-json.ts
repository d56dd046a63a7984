import { join } from 'node:path';

import { LlmOpsError } from '../../errors.ts';
import { readText } from './model-files.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A tokenizer's configuration lists every added token: some have megabytes. */
const MOST_BYTES = 8 * 1024 * 1024;

/** One of the JSON files of a model's tokenizer; empty when it is not there. Throws `config_invalid` for what is no JSON object. */
export async function readTokenizerJson(directory: string, name: string): Promise<JsonObject> {
  const path = join(directory, name);
  const text = await readText(path, MOST_BYTES);
  if (text === null) return {};
  const value = parse(text, path);
  if (isObject(value)) return value;
  throw new LlmOpsError('config_invalid', `${path} is no JSON object`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmOpsError('config_invalid', `${path} is no JSON: ${reason}`, { cause });
  }
}
