/** Methods of `dict` and `list`, and what the sandbox forbids of them. */
import { take } from '../values/arguments.ts';
import { isEqual } from '../values/compare.ts';
import { fail } from '../values/failure.ts';
import { checkKeys } from '../values/limits.ts';
import { type Arguments, type Dict, type List, Tuple, type Value } from '../values/values.ts';

export const DICT_METHODS: Readonly<Record<string, (dict: Dict, args: Arguments) => Value>> = {
  get(dict, args) {
    const [key, otherwise] = take('get', args, ['key', 'default']);
    const found = dict.get(key ?? null);
    return found === undefined ? (otherwise ?? null) : found;
  },
  items: (dict) => Array.from(dict, (entry) => new Tuple(entry)),
  keys: (dict) => [...dict.keys()],
  values: (dict) => [...dict.values()],
  copy(dict) {
    checkKeys(dict.size);
    return new Map(dict);
  },
};

export const LIST_METHODS: Readonly<Record<string, (list: List, args: Arguments) => Value>> = {
  index(list, args) {
    const [wanted] = take('index', args, ['value']);
    const at = list.findIndex((item) => isEqual(item, wanted ?? null));
    return at < 0 ? fail('the value is not in the list') : at;
  },
  count(list, args) {
    const [wanted] = take('count', args, ['value']);
    return list.filter((item) => isEqual(item, wanted ?? null)).length;
  },
  copy: (list) => [...list],
};

/** What would change a value: ImmutableSandboxedEnvironment lets no template do it. */
export const FORBIDDEN: ReadonlySet<string> = new Set([
  ...['clear', 'pop', 'popitem', 'setdefault', 'update'],
  ...['append', 'extend', 'insert', 'remove', 'reverse', 'sort'],
]);
