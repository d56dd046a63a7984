import Handlebars from 'handlebars';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { LlmOpsError } from '../../errors.ts';
import type { ComposeParts } from '../load-parts.ts';
import { HELPERS, checkTemplate } from './check-template.ts';

/** What a part gives: a YAML mapping, for Compose the definition of one service. */
export type Definition = Readonly<Record<string, unknown>>;

/** `args` and `env`, when there, are what `(given …)` looks into. */
export type PartContext = Readonly<Record<string, unknown>> & {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
};

/**
 * Renders one part with its values and parses what came out. Values enter only through `{{quote …}}`, as one YAML string, so none can
 * become structure; a template that writes a value in another way is refused. Throws `config_invalid`, naming the template.
 */
export function renderPart(parts: ComposeParts, name: string, context: PartContext): Definition {
  const template = parts.texts.get(name);
  if (template === undefined) {
    throw new LlmOpsError('config_invalid', `There is no template ${partPath(parts, name)}.`);
  }
  const text = fill(template, { path: partPath(parts, name), context });
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw new LlmOpsError(
      'config_invalid',
      `${partPath(parts, name)} gives invalid YAML: ${problem.message}`,
      { hint: 'Write each value as {{quote value}}.', cause: problem },
    );
  }
  const value: unknown = document.toJS();
  if (!isMapping(value)) {
    throw new LlmOpsError('config_invalid', `${partPath(parts, name)} must give a YAML mapping.`);
  }
  return value;
}

/** Where a part's template lies, for messages. */
export function partPath(parts: ComposeParts, name: string): string {
  return join(parts.directory, `${name}.hbs`);
}

/** An own object that is no array: what a YAML mapping becomes. */
export function isMapping(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const KNOWN = Object.fromEntries(HELPERS.map((name) => [name, true]));

function fill(template: string, { path, context }: { path: string; context: PartContext }): string {
  const handlebars = Handlebars.create();
  handlebars.registerHelper('quote', (...args: unknown[]) => quote(args.slice(0, -1)));
  handlebars.registerHelper('given', (...flags: unknown[]) =>
    flags.slice(0, -1).some((flag) => typeof flag === 'string' && isGiven(flag, context)),
  );
  try {
    const program = handlebars.parse(template);
    checkTemplate(program, context);
    return handlebars.compile(program, {
      noEscape: true,
      strict: true,
      knownHelpersOnly: true,
      knownHelpers: KNOWN,
    })(context);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmOpsError('config_invalid', `${path} cannot be rendered: ${reason}`, { cause });
  }
}

/** Values joined into one double-quoted string, which is JSON and YAML alike. */
function quote(values: readonly unknown[]): string {
  const texts = values.map((value) => {
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw new Error(
      `{{quote}} takes texts and numbers, not ${value === null ? 'null' : typeof value}`,
    );
  });
  return JSON.stringify(texts.join(''));
}

function isGiven(flag: string, { args = [], env = {} }: PartContext): boolean {
  return Object.hasOwn(env, flag) || args.some((arg) => optionOf(arg) === flag);
}

/** Engines take long options with underscores as well. */
function optionOf(arg: string): string {
  const [name = ''] = arg.split('=', 1);
  return name.startsWith('--') ? name.replaceAll('_', '-') : name;
}
