/** What a rule from a model's path to a template's name is made of: plain data, which `holds` and `matchTemplate` read. */

/** A bare text: the path has it, whatever its case. */
export type Condition =
  | string
  | { readonly hasExactly: string }
  | { readonly is: readonly string[] }
  /** The path in lower case is one of these. */
  | { readonly isInAnyCase: readonly string[] }
  | { readonly matches: RegExp }
  /** What stands behind the last slash has this text, in this case; one slash at the end does not count. */
  | { readonly lastPartHas: string }
  /** This file is in the model's directory. */
  | { readonly hasFile: string }
  | { readonly not: Condition }
  | { readonly any: readonly Condition[] }
  | { readonly all: readonly Condition[] };

/** The template's name in the rule's dialect. */
export type Choice = string | { readonly if: Condition; readonly then: string };

/** An adapter has no template of its own: the path of its base model, which its `adapter_config.json` names, is matched instead. */
export const BASE_MODEL = Symbol('the template of the base model');

export type Rule = {
  /** The original's name of the rule, so that one can look it up there. */
  readonly rule: string;
  readonly when: Condition;
  /** The first choice whose condition holds for the path as it was given. The last one has no condition. */
  readonly use: string | readonly [...(readonly Choice[]), string] | typeof BASE_MODEL;
};

/** The first rule that holds wins, so their order is part of them. */
export type RuleSet = {
  readonly rules: readonly Rule[];
  /** What a path gets that no rule holds for. */
  readonly fallback: { readonly rule: string; readonly template: string };
};
