import { fail } from './failure.ts';
import { type Arguments, type Value, toInteger, typeName } from './values.ts';

/** The arguments of a call in the order of `parameters`, wherever they were given by name; undefined where they were not given. */
export function take(
  name: string,
  args: Arguments,
  parameters: readonly string[],
): readonly (Value | undefined)[] {
  if (args.positional.length > parameters.length) {
    fail(`${name}() takes at most ${String(parameters.length)} arguments`);
  }
  for (const key of args.named.keys()) {
    const at = parameters.indexOf(key);
    if (at < 0) fail(`${name}() got an unexpected keyword argument '${key}'`);
    if (at < args.positional.length) fail(`${name}() got multiple values for argument '${key}'`);
  }
  return parameters.map((parameter, at) =>
    at < args.positional.length ? args.positional[at] : args.named.get(parameter),
  );
}

export function asText(value: Value | undefined, what: string): string {
  return typeof value === 'string'
    ? value
    : fail(`${what} must be a str, not ${value === undefined ? 'nothing' : typeName(value)}`);
}

/** An optional text: null where it was not given, or given as none. */
export function asTextOrNone(value: Value | undefined, what: string): string | null {
  return value === undefined || value === null ? null : asText(value, what);
}

export function asInteger(value: Value | undefined, what: string, otherwise?: number): number {
  if (value === undefined && otherwise !== undefined) return otherwise;
  const integer = value === undefined ? null : toInteger(value);
  return integer ?? fail(`${what} must be an int, not ${typeName(value ?? null)}`);
}
