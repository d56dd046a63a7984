import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { LlmOpsError } from '../../errors.ts';
import type { ComposeParts } from '../load-parts.ts';
import { compileTemplate, type PartContext } from './part-template.ts';
import { remember } from './remember.ts';

/** What a part gives: a YAML mapping, for Compose the definition of one service. */
export type Definition = Readonly<Record<string, unknown>>;

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
  const { problem, value } = yamlOf(text);
  if (problem !== undefined) {
    throw new LlmOpsError(
      'config_invalid',
      `${partPath(parts, name)} gives invalid YAML: ${problem.message}`,
      { hint: 'Write each value as {{quote value}}.', cause: problem },
    );
  }
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

/** More than a stack has of different templates. */
const TEMPLATES = 100;

const templateOf = remember(compileTemplate, { most: TEMPLATES });

// The replicas of a service give the same text, one after the other.
const yamlOf = remember(readYaml, { most: 1 });

type Yaml = { readonly problem: Error | undefined; readonly value: unknown };

function readYaml(text: string): Yaml {
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  return { problem, value: problem === undefined ? document.toJS() : null };
}

function fill(template: string, { path, context }: { path: string; context: PartContext }): string {
  try {
    return templateOf(template)(context);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new LlmOpsError('config_invalid', `${path} cannot be rendered: ${reason}`, { cause });
  }
}
