import type { z } from 'zod';
import { mismatch, quoted } from '../values/mismatch.ts';
import { isPath, resolvePath } from '../values/model-source.ts';
import type { TemplateChoice, TemplateOrigin } from '../values/template-choice.ts';
import { choose, isMapping, mapping, nearest, value } from './mapping.ts';

export type TemplateContext = {
  /** Absolute: relative paths start here. */
  readonly directory: string;
  /** Names of the conversation templates that exist. */
  readonly templates: readonly string[];
};

/** `template:` of a service: a word, a path, or a mapping. */
export function templateSchema(context: TemplateContext): z.ZodType<TemplateChoice> {
  const origin = value((word) => parseOrigin(word, context));
  const allow_control_tokens = value(parseFlag).nullish();
  const named = mapping({ name: origin.nullish(), allow_control_tokens }).transform(
    ({ name, allow_control_tokens: allow }) => toChoice(name ?? { kind: 'auto' }, allow),
  );
  const chat = mapping({
    chat_template: value(parseChatTemplate),
    bos_token: value(parseToken).nullish(),
    eos_token: value(parseToken).nullish(),
    allow_control_tokens,
  }).transform(({ chat_template: source, bos_token, eos_token, allow_control_tokens: allow }) =>
    toChoice(
      { kind: 'chat', source, bosToken: bos_token ?? null, eosToken: eos_token ?? null },
      allow,
    ),
  );
  return choose<TemplateChoice>((input) => {
    if (!isMapping(input)) return origin.transform((from) => toChoice(from, false));
    return Object.hasOwn(input, 'chat_template') ? chat : named;
  });
}

function toChoice(from: TemplateOrigin, allow: boolean | null | undefined): TemplateChoice {
  return { from, allowControlTokens: allow ?? false };
}

/** `auto`, `engine`, the name of a conversation template, or a path. */
function parseOrigin(word: unknown, { directory, templates }: TemplateContext): TemplateOrigin {
  if (word === 'auto' || word === 'engine') return { kind: word };
  if (typeof word === 'string' && isPath(word))
    return { kind: 'file', path: resolvePath(word, directory) };
  if (typeof word === 'string' && templates.includes(word)) return { kind: 'named', name: word };
  const near =
    typeof word === 'string' ? nearest(word, ['auto', 'engine', ...templates]) : undefined;
  throw mismatch(
    `${quoted(word)} is not a conversation template`,
    `${near === undefined ? '' : `${near} Else `}auto, engine, a name that \`llm-ops template list\` shows, ` +
      'a path that starts with /, ./, ../ or ~/, or a mapping with `chat_template`',
  );
}

/** A token as text, or as the object that tokenizer files have (`{"__type": "AddedToken", "content": "</s>"}`). */
function parseToken(token: unknown): string {
  const text: unknown = isMapping(token) ? token['content'] : token;
  if (typeof text === 'string' && text !== '') return text;
  throw mismatch(`${quoted(token)} is no token`, 'its text: `"</s>"`, or a mapping with `content`');
}

function parseChatTemplate(text: unknown): string {
  if (typeof text === 'string' && text.trim() !== '') return text;
  throw mismatch(
    `${quoted(text)} is no chat template`,
    'Jinja text below `chat_template: |`; a file is named by `template: ./mine.jinja`',
  );
}

function parseFlag(flag: unknown): boolean {
  if (typeof flag === 'boolean') return flag;
  throw mismatch(`${quoted(flag)} is neither true nor false`, 'true or false');
}
