/** What stands after `is`. */
import { toLower, toUpper } from '../methods/text-changes.ts';
import { compare, isEqual, isIn } from '../values/compare.ts';
import { fail } from '../values/failure.ts';
import {
  Float,
  Tuple,
  Undefined,
  type Value,
  isDict,
  isList,
  isTrue,
  toInteger,
} from '../values/values.ts';

type Test = (value: Value, argument: Value) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  boolean: (value) => typeof value === 'boolean',
  callable: (value) => typeof value === 'function',
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  true: (value) => value === true,
  false: (value) => value === false,
  string: (value) => typeof value === 'string',
  number: (value) =>
    typeof value === 'number' || typeof value === 'boolean' || value instanceof Float,
  integer: (value) => typeof value === 'number',
  float: (value) => value instanceof Float,
  mapping: isDict,
  iterable: (value) => isSequence(value) || value instanceof Undefined,
  sequence: (value) => isSequence(value) || value instanceof Undefined,
  lower: (value) => isCased(value, toLower),
  upper: (value) => isCased(value, toUpper),
  odd: (value) => Math.abs(integer(value, 'odd') % 2) === 1,
  even: (value) => integer(value, 'even') % 2 === 0,
  divisibleby: (value, by) => integer(value, 'divisibleby') % integer(by, 'divisibleby') === 0,
  sameas: (value, other) => value === other,
  in: isIn,
  eq: isEqual,
  ne: (value, other) => !isEqual(value, other),
  lt: (value, other) => compare(value, other, '<') < 0,
  le: (value, other) => compare(value, other, '<=') <= 0,
  gt: (value, other) => compare(value, other, '>') > 0,
  ge: (value, other) => compare(value, other, '>=') >= 0,
};

const OTHER_NAMES: Readonly<Record<string, string>> = {
  '==': 'eq',
  equalto: 'eq',
  '!=': 'ne',
  '<': 'lt',
  lessthan: 'lt',
  '<=': 'le',
  '>': 'gt',
  greaterthan: 'gt',
  '>=': 'ge',
};

/** Whether the value passes the test of that name. Throws for an unknown one. */
export function passes(name: string, value: Value, argument: Value): boolean {
  const plain = Object.hasOwn(OTHER_NAMES, name) ? (OTHER_NAMES[name] ?? name) : name;
  const test = Object.hasOwn(TESTS, plain) ? TESTS[plain] : undefined;
  return test === undefined ? fail(`No test named '${name}'.`) : test(value, argument);
}

/** The test that `select` and its relatives apply; without a name, truth. */
export function toPredicate(name: Value | undefined, argument: Value): (value: Value) => boolean {
  if (name === undefined) return isTrue;
  if (typeof name !== 'string') return fail('the name of a test must be a str');
  return (value) => passes(name, value, argument);
}

function isSequence(value: Value): boolean {
  return typeof value === 'string' || isList(value) || isDict(value) || value instanceof Tuple;
}

function isCased(value: Value, change: (text: string) => string): boolean {
  if (typeof value !== 'string') return false;
  return value === change(value) && toLower(value) !== toUpper(value);
}

function integer(value: Value, name: string): number {
  return toInteger(value) ?? fail(`the test ${name} takes an int`);
}
