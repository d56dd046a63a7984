import { lengthOf, sliceText, stepThrough } from '../texts/code-points.ts';
import { fail, failUndefined } from '../values/failure.ts';
import { checkCount, checkLength } from '../values/limits.ts';
import { Tuple, Undefined, type Value, isList, toInteger, typeName } from '../values/values.ts';

/** `value[start:stop:step]`; what was left out is null. */
export function slice(value: Value, start: Value, stop: Value, step: Value): Value {
  if (value instanceof Undefined) failUndefined(value);
  const by = toIndex(step) ?? 1;
  if (by === 0) fail('slice step cannot be zero');
  if (typeof value === 'string') {
    checkLength(value.length);
    return sliceText(value, bounds(lengthOf(value), toIndex(start), toIndex(stop), by), by);
  }
  const items = value instanceof Tuple ? value.items : isList(value) ? value : null;
  if (items === null) return fail(`'${typeName(value)}' object cannot be sliced`);
  checkCount(items.length);
  const [from, to] = bounds(items.length, toIndex(start), toIndex(stop), by);
  const part =
    by === 1
      ? items.slice(from, Math.max(from, to))
      : stepThrough(from, to, by).map((at) => items[at] ?? null);
  return value instanceof Tuple ? new Tuple(part) : part;
}

function toIndex(value: Value): number | null {
  if (value === null) return null;
  return toInteger(value) ?? fail('slice indices must be integers or None');
}

/** Python's `slice.indices`. */
function bounds(
  length: number,
  start: number | null,
  stop: number | null,
  step: number,
): readonly [number, number] {
  const [lowest, highest] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (index: number): number =>
    Math.min(highest, Math.max(lowest, index < 0 ? index + length : index));
  const from = start === null ? (step > 0 ? lowest : highest) : clamp(start);
  const to = stop === null ? (step > 0 ? highest : lowest) : clamp(stop);
  return [from, step > 0 ? Math.max(from, to) : to];
}
