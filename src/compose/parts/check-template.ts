import Handlebars from 'handlebars';

/** What a template may call: `quote` and `given` are ours, the others Handlebars' own. */
export const HELPERS = ['quote', 'given', 'if', 'unless', 'each'] as const;

/** Throws an Error that names the line when a template does, with these values, what it must not do. */
export type TemplateCheck = (context: Readonly<Record<string, unknown>>) => void;

/**
 * Finds what a template must not do: write a value without `{{quote}}`, or name one that there is not, which Handlebars would take as
 * empty in a condition. What there is only its values tell, so the result is a check of these; a template is gone through once.
 */
export function checkTemplate(program: hbs.AST.Program): TemplateCheck {
  const checks = new Checks();
  checks.accept(program);
  return (context) => checks.found.forEach((check) => check(context));
}

class Checks extends Handlebars.Visitor {
  /** In the order of the template, so that the first problem is the first to be told. */
  readonly found: TemplateCheck[] = [];
  /** Inside `{{#each}}` names mean the members of a list: those are not known here. */
  #lists = 0;

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    const written = (mustache.path as Partial<hbs.AST.PathExpression>).original ?? 'value';
    if (written !== 'quote') {
      this.found.push(() => {
        throw new Error(
          `line ${mustache.loc.start.line}: write {{quote ${written}}} instead of {{${written}}}`,
        );
      });
    }
    super.MustacheStatement(mustache);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    if (block.path.original !== 'each') {
      super.BlockStatement(block);
      return;
    }
    this.acceptArray(block.params);
    this.#lists += 1;
    this.accept(block.program);
    this.#lists -= 1;
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    if (this.#lists > 0 || path.data || isHelper(path.original)) return;
    this.found.push((context) => {
      checkPath(path, context);
    });
  }
}

function checkPath(path: hbs.AST.PathExpression, context: Readonly<Record<string, unknown>>): void {
  let value: unknown = context;
  for (const part of path.parts) {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.hasOwn(value, part)) {
      throw new Error(`line ${path.loc.start.line}: there is no value "${path.original}"`);
    }
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
}

function isHelper(name: string): boolean {
  return (HELPERS as readonly string[]).includes(name);
}
