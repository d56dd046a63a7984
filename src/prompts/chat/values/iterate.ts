import { toCharacters } from '../texts/code-points.ts';
import { fail } from './failure.ts';
import { checkCount } from './limits.ts';
import { Tuple, Undefined, type Value, isDict, isList, typeName } from './values.ts';

/** What `for` goes through: characters of a text, keys of a dict, nothing of what is undefined. Throws for what cannot be gone through. */
export function iterate(value: Value): readonly Value[] {
  if (isList(value)) {
    // What goes through a list makes another one.
    checkCount(value.length);
    return value;
  }
  if (value instanceof Tuple) return value.items;
  if (value instanceof Undefined) return [];
  if (isDict(value)) return [...value.keys()];
  if (typeof value !== 'string') return fail(`'${typeName(value)}' object is not iterable`);
  checkCount(value.length);
  return toCharacters(value);
}
