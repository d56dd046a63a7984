import Handlebars from 'handlebars';
import { HELPERS, checkTemplate } from './check-template.ts';

/** `args` and `env`, when there, are what `(given …)` looks into. */
export type PartContext = Readonly<Record<string, unknown>> & {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
};

/** Fills a template with values. Throws an Error when it does what a template must not do, or the values are not what it needs. */
export type PartTemplate = (context: PartContext) => string;

const KNOWN = Object.fromEntries(HELPERS.map((name) => [name, true]));

const handlebars = Handlebars.create();
handlebars.registerHelper('quote', (...args: unknown[]) => quote(args.slice(0, -1)));

/** Reads a template, which is the dear part of it; filling it in is cheap. Throws Handlebars' error when its text cannot be parsed. */
export function compileTemplate(text: string): PartTemplate {
  const program = handlebars.parse(text);
  const check = checkTemplate(program);
  const fill = handlebars.compile<PartContext>(program, {
    noEscape: true,
    strict: true,
    knownHelpersOnly: true,
    knownHelpers: KNOWN,
  });
  return (context) => {
    check(context);
    const given = (...flags: unknown[]): boolean =>
      flags.slice(0, -1).some((flag) => typeof flag === 'string' && isGiven(flag, context));
    return fill(context, { helpers: { given } });
  };
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
