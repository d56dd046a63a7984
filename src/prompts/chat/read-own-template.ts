import { join } from 'node:path';

import { LlmOpsError } from '../../errors.ts';
import type { ChatTemplate } from './chat-template.ts';
import { listTemplateFiles, readText } from './model-files.ts';
import { readTokens } from './read-tokens.ts';
import { readTokenizerJson } from './tokenizer-json.ts';

export type OwnTemplate = Required<ChatTemplate> & {
  /** The texts of all tokens that the tokenizer calls special. */
  readonly specialTokens: readonly string[];
  /** The file that it was found in, relative to the model's directory. */
  readonly origin: string;
};

/** As much as is rendered. */
const MOST_TEMPLATE_BYTES = 1024 * 1024;

/** The chat template of a model, and for requests with tools. */
type Found = {
  readonly source: string;
  readonly toolSource: string | null;
  readonly origin: string;
};

/**
 * The chat template that a model's directory brings, with its tokens; null when it brings none. As transformers 5 looks for it:
 * `chat_template.jinja` (with `additional_chat_templates/*.jinja`) before `tokenizer_config.json`, and last `chat_template.json`, which older
 * processors wrote. Throws `config_invalid` with the file's name for broken JSON, for a template that is no text, and for a file of more than
 * 8 MiB (a template: 1 MiB).
 */
export async function readOwnTemplate(directory: string): Promise<OwnTemplate | null> {
  const config = await readTokenizerJson(directory, 'tokenizer_config.json');
  const found =
    (await readTemplateFiles(directory)) ??
    toFound(config['chat_template'], 'tokenizer_config.json') ??
    toFound(
      (await readTokenizerJson(directory, 'chat_template.json'))['chat_template'],
      'chat_template.json',
    );
  if (found === null) return null;
  const map = await readTokenizerJson(directory, 'special_tokens_map.json');
  return { ...found, ...readTokens(config, map) };
}

async function readTemplateFiles(directory: string): Promise<Found | null> {
  const origin = 'chat_template.jinja';
  const main = await readText(join(directory, origin), MOST_TEMPLATE_BYTES);
  const folder = 'additional_chat_templates';
  const named = new Map<string, string>();
  for (const file of await listTemplateFiles(join(directory, folder))) {
    const text = await readText(join(directory, folder, file), MOST_TEMPLATE_BYTES);
    if (text !== null) named.set(file.slice(0, -'.jinja'.length), text);
  }
  if (main !== null) named.set('default', main);
  return choose(named, main === null ? folder : origin);
}

/** A text, or a list of `{name, template}`. */
function toFound(value: unknown, origin: string): Found | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') {
    checkTemplate(value, origin);
    return { source: value, toolSource: null, origin };
  }
  if (!Array.isArray(value)) return failTemplate(origin);
  const named = new Map<string, string>();
  for (const entry of value as readonly unknown[]) {
    if (typeof entry !== 'object' || entry === null) return failTemplate(origin);
    const { name, template } = entry as Readonly<Record<string, unknown>>;
    if (typeof name !== 'string' || typeof template !== 'string') return failTemplate(origin);
    checkTemplate(template, origin);
    named.set(name, template);
  }
  return choose(named, origin);
}

/** transformers takes `tool_use` when there are tools, else `default`; a model with `tool_use` only is asked with tools or not at all. */
function choose(named: ReadonlyMap<string, string>, origin: string): Found | null {
  const source = named.get('default') ?? named.get('tool_use');
  return source === undefined
    ? null
    : { source, toolSource: named.get('tool_use') ?? null, origin };
}

function checkTemplate(template: string, origin: string): void {
  if (Buffer.byteLength(template) <= MOST_TEMPLATE_BYTES) return;
  throw new LlmOpsError('config_invalid', `the chat template in ${origin} is too large`, {
    hint: `a chat template may have ${String(MOST_TEMPLATE_BYTES)} bytes`,
  });
}

function failTemplate(origin: string): never {
  throw new LlmOpsError('config_invalid', `chat_template in ${origin} is no text`, {
    hint: 'it is a text, or a list of {"name", "template"}',
  });
}
