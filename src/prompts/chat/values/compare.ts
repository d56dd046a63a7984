/** `==`, `<` and `in`. */
import { compareText } from '../texts/code-points.ts';
import { fail, failUndefined } from './failure.ts';
import { checkLength } from './limits.ts';
import { Tuple, Undefined, type Value, isDict, isList, toNumber, typeName } from './values.ts';

export function isEqual(left: Value, right: Value): boolean {
  if (typeof left === 'string') return typeof right === 'string' && isSameText(left, right);
  if (left === right) return true;
  if (left instanceof Undefined) return right instanceof Undefined;
  const number = toNumber(left);
  if (number !== null) return number === toNumber(right);
  if (left instanceof Tuple) return right instanceof Tuple && sameItems(left.items, right.items);
  if (isList(left)) return isList(right) && sameItems(left, right);
  if (!isDict(left) || !isDict(right) || left.size !== right.size) return false;
  return [...left].every(
    ([key, value]) => right.has(key) && isEqual(value, right.get(key) ?? null),
  );
}

function isSameText(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  checkLength(left.length);
  return left === right;
}

function sameItems(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, at) => isEqual(item, right[at] ?? null));
}

/** Less than 0, 0, or more than 0. Throws for what has no order. `sign`: the operator, for the message. */
export function compare(left: Value, right: Value, sign: string): number {
  if (left instanceof Undefined) failUndefined(left);
  if (right instanceof Undefined) failUndefined(right);
  if (typeof left === 'string' && typeof right === 'string') {
    checkLength(left.length + right.length);
    return compareText(left, right);
  }
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a !== null && b !== null) return a - b;
  const [ours, theirs] = [itemsOf(left), itemsOf(right)];
  if (ours === null || theirs === null || typeName(left) !== typeName(right)) {
    return fail(
      `'${sign}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`,
    );
  }
  const at = ours.findIndex((item, index) => !isEqual(item, theirs[index] ?? null));
  const [first, second] = [ours[at], theirs[at]];
  return first === undefined || second === undefined
    ? ours.length - theirs.length
    : compare(first, second, sign);
}

function itemsOf(value: Value): readonly Value[] | null {
  if (value instanceof Tuple) return value.items;
  return isList(value) ? value : null;
}

/** `item in container`. */
export function isIn(item: Value, container: Value): boolean {
  if (container instanceof Undefined) return false;
  if (typeof container === 'string') {
    checkLength(container.length);
    if (item instanceof Undefined) failUndefined(item);
    if (typeof item === 'string') return container.includes(item);
    return fail(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (isDict(container)) return container.has(item);
  const items = itemsOf(container);
  if (items === null) return fail(`argument of type '${typeName(container)}' is not iterable`);
  return items.some((other) => isEqual(item, other));
}
