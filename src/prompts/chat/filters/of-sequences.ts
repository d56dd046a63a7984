/** Filters that read a list, or whatever `for` goes through. */
import { asInteger, asTextOrNone, take } from '../values/arguments.ts';
import { lengthOf, toCharacters } from '../texts/code-points.ts';
import { compare, isEqual } from '../values/compare.ts';
import { fail, failUndefined } from '../values/failure.ts';
import { iterate } from '../values/iterate.ts';
import { checkCount } from '../values/limits.ts';
import { operate } from '../values/operators.ts';
import { toText } from '../texts/print.ts';
import { joinTexts } from '../methods/text-splits.ts';
import {
  type Arguments,
  Tuple,
  Undefined,
  type Value,
  isDict,
  isTrue,
  typeName,
} from '../values/values.ts';
import type { Filters } from './filter.ts';
import { toGetter } from './paths.ts';

export const SEQUENCE_FILTERS: Filters = {
  length: count,
  count,
  list: (value) => [...iterate(value)],
  first: (value) => orUndefined(iterate(value)[0], 'No first item, sequence was empty.'),
  last: (value) => orUndefined(iterate(value).at(-1), 'No last item, sequence was empty.'),
  reverse: (value) =>
    typeof value === 'string'
      ? toCharacters(value).toReversed().join('')
      : iterate(value).toReversed(),
  join(value, args) {
    const [mark, path] = take('join', args, ['d', 'attribute']);
    return joinTexts(iterate(value).map(toGetter(path)).map(toText), toText(mark ?? ''));
  },
  sort(value, args) {
    const [reverse, exact, path] = take('sort', args, ['reverse', 'case_sensitive', 'attribute']);
    return sorted(iterate(value), toKey(path, exact), isTrue(reverse ?? false));
  },
  unique(value, args) {
    const [exact, path] = take('unique', args, ['case_sensitive', 'attribute']);
    const key = toKey(path, exact);
    const seen: Value[] = [];
    return iterate(value).filter((item) => {
      const itsKey = key(item);
      if (seen.some((other) => isEqual(other, itsKey))) return false;
      seen.push(itsKey);
      return true;
    });
  },
  min: (value, args) => extreme('min', value, args, -1),
  max: (value, args) => extreme('max', value, args, 1),
  sum(value, args) {
    const [path, start] = take('sum', args, ['attribute', 'start']);
    return iterate(value)
      .map(toGetter(path))
      .reduce<Value>((sum, item) => operate('+', sum, item), start ?? 0);
  },
  batch(value, args) {
    const [size, filling] = take('batch', args, ['linecount', 'fill_with']);
    const width = asInteger(size, 'linecount');
    if (width < 1) fail('linecount must be at least 1');
    const items = iterate(value);
    return Array.from({ length: Math.ceil(items.length / width) }, (_, at) => {
      const row = items.slice(at * width, (at + 1) * width);
      if (filling === undefined || filling === null) return row;
      checkCount(width);
      return [...row, ...Array.from({ length: width - row.length }, () => filling)];
    });
  },
  groupby(value, args) {
    const [path, otherwise, exact] = take('groupby', args, [
      'attribute',
      'default',
      'case_sensitive',
    ]);
    const key = toKey(path, exact, otherwise);
    const groups: { readonly key: Value; readonly items: Value[] }[] = [];
    for (const item of sorted(iterate(value), key, false)) {
      const group = groups.at(-1);
      if (group !== undefined && isEqual(group.key, key(item))) group.items.push(item);
      else groups.push({ key: key(item), items: [item] });
    }
    return groups.map(
      ({ items }) => new Tuple([toGetter(path, otherwise)(items[0] ?? null), items]),
    );
  },
  items(value) {
    if (value instanceof Undefined) return [];
    if (!isDict(value)) return fail('Can only get item pairs from a mapping.');
    return Array.from(value, (entry) => new Tuple(entry));
  },
  dictsort(value, args) {
    const [exact, by, reverse] = take('dictsort', args, ['case_sensitive', 'by', 'reverse']);
    if (value instanceof Undefined) failUndefined(value);
    if (!isDict(value)) return fail(`'${typeName(value)}' object has no attribute 'items'`);
    const column = (asTextOrNone(by, 'by') ?? 'key') === 'value' ? 1 : 0;
    return sorted(
      Array.from(value, (entry) => new Tuple(entry)),
      toKey(column, exact),
      isTrue(reverse ?? false),
    );
  },
};

/** A list may hold null. */
function orUndefined(value: Value | undefined, why: string): Value {
  return value === undefined ? new Undefined(why) : value;
}

function count(value: Value): number {
  if (typeof value === 'string') return lengthOf(value);
  if (isDict(value)) return value.size;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) {
    return fail(`object of type '${typeName(value)}' has no len()`);
  }
  return iterate(value).length;
}

/** What items are sorted by: texts without their case, unless it counts. */
function toKey(
  path: Value | undefined,
  exact: Value | undefined,
  otherwise?: Value,
): (item: Value) => Value {
  const get = toGetter(path, otherwise);
  if (isTrue(exact ?? false)) return get;
  return (item) => {
    const key = get(item);
    return typeof key === 'string' ? key.toLowerCase() : key;
  };
}

function sorted(
  items: readonly Value[],
  key: (item: Value) => Value,
  reverse: boolean,
): readonly Value[] {
  const direction = reverse ? -1 : 1;
  return items.toSorted((a, b) => direction * compare(key(a), key(b), '<'));
}

function extreme(name: string, value: Value, args: Arguments, sign: 1 | -1): Value {
  const [exact, path] = take(name, args, ['case_sensitive', 'attribute']);
  const key = toKey(path, exact);
  const [first, ...rest] = iterate(value);
  if (first === undefined) return new Undefined('No aggregated item, sequence was empty.');
  return rest.reduce(
    (best, item) => (sign * compare(key(item), key(best), '<') > 0 ? item : best),
    first,
  );
}
