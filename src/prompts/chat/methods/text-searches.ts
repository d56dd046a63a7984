/** Methods of `str` that look into a text. */
import { asInteger, asText, take } from '../values/arguments.ts';
import { lengthOf, toCharacters, toCodePointIndex } from '../texts/code-points.ts';
import { fail } from '../values/failure.ts';
import { isSpace } from '../texts/white-space.ts';
import { type Arguments, Tuple, type Value } from '../values/values.ts';

export type TextMethod = (text: string, args: Arguments) => Value;

export const TEXT_SEARCHES: Readonly<Record<string, TextMethod>> = {
  startswith: (text, args) => hasEnd('startswith', text, args),
  endswith: (text, args) => hasEnd('endswith', text, args),
  find: (text, args) => toCodePointIndex(text, text.indexOf(wanted('find', args))),
  rfind: (text, args) => toCodePointIndex(text, text.lastIndexOf(wanted('rfind', args))),
  index(text, args) {
    const at = toCodePointIndex(text, text.indexOf(wanted('index', args)));
    return at < 0 ? fail('substring not found') : at;
  },
  count(text, args) {
    const part = wanted('count', args);
    return part === '' ? lengthOf(text) + 1 : countParts(text, part);
  },
  isspace: (text) => text !== '' && toCharacters(text).every(isSpace),
  isalpha: (text) => /^\p{L}+$/u.test(text),
  isdigit: (text) => /^\p{Nd}+$/u.test(text),
  isdecimal: (text) => /^\p{Nd}+$/u.test(text),
  isnumeric: (text) => /^\p{N}+$/u.test(text),
  isalnum: (text) => /^[\p{L}\p{N}]+$/u.test(text),
  isupper: (text) => text === text.toUpperCase() && text !== text.toLowerCase(),
  islower: (text) => text === text.toLowerCase() && text !== text.toUpperCase(),
};

function countParts(text: string, part: string): number {
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count += 1;
  return count;
}

function wanted(name: string, args: Arguments): string {
  if (args.positional.length > 1) fail(`str.${name}() with a start is not supported`);
  const [part] = take(name, args, ['sub']);
  return asText(part, `the argument of ${name}()`);
}

function hasEnd(name: 'startswith' | 'endswith', text: string, args: Arguments): boolean {
  const [affix, start, end] = take(name, args, ['prefix', 'start', 'end']);
  const parts: readonly Value[] = affix instanceof Tuple ? affix.items : [affix ?? null];
  const units = start === undefined && end === undefined ? text : part(text, start, end);
  return parts.some((each) => {
    const wantedPart = asText(each, `the argument of ${name}()`);
    return name === 'startswith' ? units.startsWith(wantedPart) : units.endsWith(wantedPart);
  });
}

function part(text: string, start: Value | undefined, end: Value | undefined): string {
  const characters = toCharacters(text);
  return characters
    .slice(asInteger(start, 'start', 0), asInteger(end, 'end', characters.length))
    .join('');
}
