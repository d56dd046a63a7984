/** `value.name` and `value[key]`, as Jinja's sandbox looks them up. */
import { characterAt } from '../texts/code-points.ts';
import { bounded } from '../values/limits.ts';
import { failUndefined, fail } from '../values/failure.ts';
import { toRepr } from '../texts/print.ts';
import {
  type Arguments,
  type Callable,
  Namespace,
  Tuple,
  Undefined,
  type Value,
  isDict,
  isList,
  toInteger,
  typeName,
} from '../values/values.ts';
import { DICT_METHODS, FORBIDDEN, LIST_METHODS } from './dict-methods.ts';
import { TEXT_CHANGES } from './text-changes.ts';
import { TEXT_SEARCHES } from './text-searches.ts';
import { TEXT_SPLITS } from './text-splits.ts';

const TEXT_METHODS = { ...TEXT_SEARCHES, ...TEXT_SPLITS, ...TEXT_CHANGES };

/** Methods of Python's that we lack: to use one is an error, not an undefined value. */
const NOT_HERE: ReadonlySet<string> = new Set([
  ...['encode', 'expandtabs', 'format_map', 'isascii', 'isidentifier', 'isprintable', 'istitle'],
  ...['maketrans', 'rindex', 'translate', 'fromkeys'],
]);

/** `value.name`: a method goes before a key of the same name. */
export function attributeOf(value: Value, name: string): Value {
  if (value instanceof Undefined) failUndefined(value);
  const method = methodOf(value, name);
  if (method !== undefined) return method;
  const member = memberOf(value, name);
  return member === undefined ? missing(value, name) : member;
}

/** `value[key]`: a key goes before a method of the same name. */
export function itemOf(value: Value, key: Value): Value {
  if (value instanceof Undefined) failUndefined(value);
  if (key instanceof Undefined && !isDict(value)) return missing(value, key);
  const member = memberOf(value, key);
  if (member !== undefined) return member;
  return (typeof key === 'string' ? methodOf(value, key) : undefined) ?? missing(value, key);
}

function memberOf(value: Value, key: Value): Value | undefined {
  if (isDict(value)) return value.get(key);
  if (value instanceof Namespace) return typeof key === 'string' ? value.names.get(key) : undefined;
  const index = toInteger(key);
  if (index === null) return undefined;
  if (typeof value === 'string') return characterAt(bounded(value), index) ?? undefined;
  if (value instanceof Tuple) return value.items.at(index);
  return isList(value) ? value.at(index) : undefined;
}

function methodOf(value: Value, name: string): Value | undefined {
  if (name.startsWith('_')) return undefined;
  if (typeof value === 'string') return bind(TEXT_METHODS, bounded(value), name);
  if (isDict(value)) return forbidden(value, name) ?? bind(DICT_METHODS, value, name);
  if (isList(value)) return forbidden(value, name) ?? bind(LIST_METHODS, value, name);
  return undefined;
}

function bind<Self>(
  methods: Readonly<Record<string, (self: Self, args: Arguments) => Value>>,
  self: Self,
  name: string,
): Callable | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method !== undefined) return (args) => method(self, args);
  return NOT_HERE.has(name) ? fail(`the method ${name} is not supported`) : undefined;
}

function forbidden(value: Value, name: string): Value | undefined {
  return FORBIDDEN.has(name)
    ? new Undefined(`access to attribute '${name}' of '${typeName(value)}' object is unsafe.`)
    : undefined;
}

function missing(value: Value, key: Value): Undefined {
  const what = value === null ? 'None' : `${typeName(value)} object`;
  return new Undefined(
    typeof key === 'string'
      ? `'${what}' has no attribute ${toRepr(key)}`
      : `${what} has no element ${toRepr(key)}`,
  );
}
