/** The arithmetic signs, which also join texts and lists. */
import { fail, failUndefined } from './failure.ts';
import { formatPercent } from '../texts/format-percent.ts';
import { bounded, checkCount, checkLength } from './limits.ts';
import { toText } from '../texts/print.ts';
import {
  Float,
  Tuple,
  Undefined,
  type Value,
  isList,
  toInteger,
  toNumber,
  typeName,
} from './values.ts';

export function operate(sign: string, left: Value, right: Value): Value {
  if (sign === '~') return bounded(toText(left) + toText(right));
  if (left instanceof Undefined) failUndefined(left);
  if (sign === '%' && typeof left === 'string') return formatPercent(left, right);
  if (right instanceof Undefined) failUndefined(right);
  const joined = sign === '+' ? join(left, right) : sign === '*' ? repeat(left, right) : null;
  if (joined !== null) return joined;
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a === null || b === null) return failTypes(sign, left, right);
  return calculate(sign, a, b, left instanceof Float || right instanceof Float);
}

export function negate(sign: string, value: Value): Value {
  if (value instanceof Undefined) failUndefined(value);
  const number = toNumber(value);
  if (number === null) return fail(`bad operand type for unary ${sign}: '${typeName(value)}'`);
  const result = sign === '-' ? -number : number;
  return value instanceof Float ? new Float(result) : toSafe(result + 0);
}

function join(left: Value, right: Value): Value | null {
  if (typeof left === 'string') {
    if (typeof right === 'string') return bounded(left + right);
    return fail(`can only concatenate str (not "${typeName(right)}") to str`);
  }
  if (isList(left) && isList(right)) {
    checkCount(left.length + right.length);
    return [...left, ...right];
  }
  if (left instanceof Tuple && right instanceof Tuple) {
    checkCount(left.items.length + right.items.length);
    return new Tuple([...left.items, ...right.items]);
  }
  return null;
}

function repeat(left: Value, right: Value): Value | null {
  const [what, times] =
    toInteger(left) === null ? [left, toInteger(right)] : [right, toInteger(left)];
  if (times === null) return null;
  const count = Math.max(0, times);
  if (typeof what === 'string') {
    checkLength(what.length * count);
    return what.repeat(count);
  }
  const items = what instanceof Tuple ? what.items : isList(what) ? what : null;
  if (items === null) return null;
  checkCount(items.length * count);
  const all = items.length === 0 ? [] : Array.from({ length: count }, () => items).flat(1);
  return what instanceof Tuple ? new Tuple(all) : all;
}

function calculate(sign: string, a: number, b: number, isFloat: boolean): Value {
  if (b === 0 && (sign === '/' || sign === '//' || sign === '%')) fail('division by zero');
  const make = (value: number, float = isFloat): Value =>
    float ? new Float(value) : toSafe(value);
  switch (sign) {
    case '+':
      return make(a + b);
    case '-':
      return make(a - b);
    case '*':
      return make(a * b);
    case '/':
      return new Float(a / b);
    case '//':
      return make(Math.floor(a / b));
    case '%':
      // Python's remainder has the sign of the divisor.
      return make(a % b !== 0 && a < 0 !== b < 0 ? (a % b) + b : a % b);
    case '**':
      if (a === 0 && b < 0) fail('0.0 cannot be raised to a negative power');
      return make(a ** b, isFloat || b < 0);
    default:
      return fail(`unknown operator ${sign}`);
  }
}

/** Integers beyond 2^53 would lose digits without a word. */
function toSafe(value: number): number {
  if (!Number.isSafeInteger(value)) fail('the template computes an integer that is too large');
  return value;
}

function failTypes(sign: string, left: Value, right: Value): never {
  fail(`unsupported operand type(s) for ${sign}: '${typeName(left)}' and '${typeName(right)}'`);
}
