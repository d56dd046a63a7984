import { posix } from 'node:path';
import type { Dialect } from '../styles/style.ts';
import { holds, inDirectory, type ReadFile } from './holds.ts';
import { BASE_MODEL, type Choice, type Rule, type RuleSet } from './rule.ts';
import { fastchatRules } from './rules-fastchat.ts';
import { llmOpsRules } from './rules-llm-ops.ts';

export type TemplateMatch = {
  /** The template's name in that dialect; `findTemplateName` tells what it is called here, or that it is not here. */
  readonly template: string;
  /** The original's name of the rule that held. */
  readonly rule: string;
  /** Whether no rule held, so that this is only the template for models that nobody knows. */
  readonly isFallback: boolean;
};

export type MatchOptions = {
  readonly dialect: Dialect;
  /** Reads a model's files: whether it is an adapter, and of which model. Without it no model has files. */
  readonly files?: ReadFile;
};

const ruleSets: Readonly<Record<Dialect, RuleSet>> = {
  fastchat: fastchatRules,
  'llm-ops': llmOpsRules,
};
const ADAPTER_CONFIG = 'adapter_config.json';

/**
 * The conversation template that FastChat (`get_conversation_template`) or llm-ops gives a model by its path, or by its name on the Hub.
 * The rules are tried with the last part of the path, then with all of it.
 *
 * An adapter has its base model's template. Where the base model cannot be told the originals fail; here the next rules are tried.
 */
export function matchTemplate(path: string, options: MatchOptions): TemplateMatch {
  return match(path, ruleSets[options.dialect], options.files ?? (() => null), []);
}

function match(
  path: string,
  { rules, fallback }: RuleSet,
  readFile: ReadFile,
  adapters: readonly string[],
): TemplateMatch {
  const matchBase = (): TemplateMatch | null => {
    const base = readBaseModel(path, readFile);
    const known = [...adapters, path];
    if (base === null || known.includes(base)) return null;
    return match(base, { rules, fallback }, readFile, known);
  };
  // As os.path.basename(os.path.normpath(path)).
  for (const subject of [posix.basename(posix.normalize(path)), path]) {
    for (const rule of rules) {
      if (!holds(rule.when, subject, readFile)) continue;
      const found = apply(rule, path, readFile, matchBase);
      if (found !== null) return found;
    }
  }
  return { ...fallback, isFallback: true };
}

function apply(
  { rule, use }: Rule,
  path: string,
  readFile: ReadFile,
  matchBase: () => TemplateMatch | null,
): TemplateMatch | null {
  if (use === BASE_MODEL) {
    const base = matchBase();
    return base && { ...base, rule };
  }
  const choices: readonly Choice[] = typeof use === 'string' ? [use] : use;
  const chosen = choices.find((one) => typeof one === 'string' || holds(one.if, path, readFile));
  if (chosen === undefined) return null;
  return { template: typeof chosen === 'string' ? chosen : chosen.then, rule, isFallback: false };
}

/** null: not known, or an adapter again by its name, which FastChat refuses. */
function readBaseModel(path: string, readFile: ReadFile): string | null {
  const text = readFile(inDirectory(path, ADAPTER_CONFIG));
  if (text === null) return null;
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof config !== 'object' || config === null) return null;
  const base = 'base_model_name_or_path' in config ? config.base_model_name_or_path : null;
  return typeof base === 'string' && !base.includes('peft') ? base : null;
}
