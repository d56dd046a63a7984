import type { Dialect } from './styles/style.ts';

/**
 * What one project's template is called here: `mistral` of FastChat is `fastchat/mistral`, since llm-ops writes another one of that name;
 * where the two are equal, or only one has it, the name is plain. null: there is no such template here.
 *
 * `templates` is what `loadTemplates` gave, or any other map or set of the names here.
 */
export function findTemplateName(
  templates: { readonly has: (name: string) => boolean },
  dialect: Dialect,
  name: string,
): string | null {
  return [`${dialect}/${name}`, name].find((candidate) => templates.has(candidate)) ?? null;
}
