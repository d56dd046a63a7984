import { take } from '../values/arguments.ts';
import { fail } from '../values/failure.ts';
import { iterate } from '../values/iterate.ts';
import { type Arguments, type Value } from '../values/values.ts';
import type { Filter, Filters } from './filter.ts';
import { SEQUENCE_FILTERS } from './of-sequences.ts';
import { TEXT_FILTERS } from './of-texts.ts';
import { VALUE_FILTERS } from './of-values.ts';
import { toGetter } from './paths.ts';
import { toPredicate } from './tests.ts';

/** These apply a test or another filter to each item. */
const CHOOSING: Filters = {
  select: (value, args) => choose(value, args, false, true),
  reject: (value, args) => choose(value, args, false, false),
  selectattr: (value, args) => choose(value, args, true, true),
  rejectattr: (value, args) => choose(value, args, true, false),
  map(value, { positional, named }) {
    const [name, ...rest] = positional;
    if (name === undefined) {
      const [path, otherwise] = take('map', { positional, named }, ['attribute', 'default']);
      if (path === undefined) fail('map requires a filter argument');
      return iterate(value).map(toGetter(path, otherwise));
    }
    const filter = findFilter(typeof name === 'string' ? name : '');
    return iterate(value).map((item) => filter(item, { positional: rest, named }));
  },
};

const FILTERS: Filters = {
  ...TEXT_FILTERS,
  ...SEQUENCE_FILTERS,
  ...VALUE_FILTERS,
  ...CHOOSING,
};

/** The filter of that name. Throws for an unknown one. */
export function findFilter(name: string): Filter {
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  return filter ?? fail(`No filter named '${name}'.`);
}

function choose(
  value: Value,
  { positional }: Arguments,
  byAttribute: boolean,
  keep: boolean,
): readonly Value[] {
  const [path, ...others] = byAttribute ? positional : [null, ...positional];
  if (path === undefined) fail('Missing parameter for attribute name');
  const [test, argument] = others;
  const get = toGetter(path);
  const isChosen = toPredicate(test, argument ?? null);
  return iterate(value).filter((item) => isChosen(get(item)) === keep);
}
