/** What a template computes with: Python's values, as plain ones of ours where the two agree. */

/** A name or a key that is not there. It prints as nothing, and nearly every other use of it is an error that says `why`. */
export class Undefined {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** A number with a fraction, which `1.0` has too. A plain number is an integer. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export class Tuple {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** What `namespace()` gives, and any other object with names and no more: `{% set ns.name = … %}` changes it. */
export class Namespace {
  readonly names: Map<string, Value>;

  constructor(names: Map<string, Value>) {
    this.names = names;
  }
}

export type Arguments = {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
};

export type Callable = (args: Arguments) => Value;

export type Dict = ReadonlyMap<Value, Value>;

export type Value =
  Undefined | null | boolean | number | Float | string | List | Tuple | Dict | Namespace | Callable;

export type List = readonly Value[];

export function isList(value: Value): value is List {
  return Array.isArray(value);
}

export function isDict(value: Value): value is Dict {
  return value instanceof Map;
}

/** An integer, as Python counts: `True` is 1. */
export function toInteger(value: Value): number | null {
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' ? value : null;
}

export function toNumber(value: Value): number | null {
  return value instanceof Float ? value.value : toInteger(value);
}

export function isTrue(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (isList(value)) return value.length > 0;
  if (isDict(value)) return value.size > 0;
  return typeof value === 'object' || Boolean(value);
}

/** The name of its type in Python's messages. */
export function typeName(value: Value): string {
  if (value instanceof Undefined) return 'Undefined';
  if (value === null) return 'NoneType';
  if (value instanceof Float) return 'float';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Namespace) return 'Namespace';
  if (isList(value)) return 'list';
  if (isDict(value)) return 'dict';
  const names = { boolean: 'bool', number: 'int', string: 'str' } as const;
  return typeof value === 'function' ? 'function' : names[typeof value as keyof typeof names];
}
