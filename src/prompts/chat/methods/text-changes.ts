/** Methods of `str` that make another text. */
import { asInteger, asText, asTextOrNone, take } from '../values/arguments.ts';
import { lengthOf, toCharacters } from '../texts/code-points.ts';
import { fail } from '../values/failure.ts';
import { bounded, checkCount, checkLength } from '../values/limits.ts';
import { toText } from '../texts/print.ts';
import type { Arguments } from '../values/values.ts';
import { type Side, strip } from '../texts/white-space.ts';
import type { TextMethod } from './text-searches.ts';

/** Of a text that is being replaced. */
const MOST_PARTS = 4096;

export const TEXT_CHANGES: Readonly<Record<string, TextMethod>> = {
  strip: (text, args) => stripped('strip', 'both', text, args),
  lstrip: (text, args) => stripped('lstrip', 'left', text, args),
  rstrip: (text, args) => stripped('rstrip', 'right', text, args),
  upper: toUpper,
  lower: toLower,
  casefold: (text) => replace(toLower(text), 'ß', 'ss', -1),
  capitalize: (text) => capitalize(text),
  title(text) {
    checkCount(text.length);
    return text.replaceAll(/\p{L}+/gu, (word) => capitalize(word));
  },
  swapcase: (text) =>
    Array.from(toCharacters(text), (each) =>
      each === each.toUpperCase() ? each.toLowerCase() : each.toUpperCase(),
    ).join(''),
  replace(text, args) {
    const [old, next, count] = take('replace', args, ['old', 'new', 'count']);
    return replace(
      text,
      asText(old, 'the text to replace'),
      asText(next, 'the replacement'),
      asInteger(count, 'count', -1),
    );
  },
  removeprefix(text, args) {
    const prefix = asText(take('removeprefix', args, ['prefix'])[0], 'the prefix');
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  },
  removesuffix(text, args) {
    const suffix = asText(take('removesuffix', args, ['suffix'])[0], 'the suffix');
    return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  },
  ljust: (text, args) => justify('ljust', text, args, (gap) => [0, gap]),
  rjust: (text, args) => justify('rjust', text, args, (gap) => [gap, 0]),
  center: (text, args) => justify('center', text, args, splitGap),
  zfill(text, args) {
    const width = asInteger(take('zfill', args, ['width'])[0], 'the width');
    checkLength(width);
    const sign = /^[+-]/.exec(text)?.[0] ?? '';
    return sign + text.slice(sign.length).padStart(width - sign.length, '0');
  },
  format: (text, args) => formatBraces(text, args),
};

/** `str.replace`: `count` less than 0 means all of them. The parts are joined a few thousand at a time, since they may be millions. */
export function replace(text: string, old: string, next: string, count: number): string {
  if (old === '') return insertBetween(text, next, count);
  const parts: string[] = [];
  let result = '';
  let start = 0;
  let length = text.length;
  for (let left = count; left !== 0; left -= 1) {
    const at = text.indexOf(old, start);
    if (at < 0) break;
    length += next.length - old.length;
    checkLength(length);
    parts.push(text.slice(start, at), next);
    start = at + old.length;
    if (parts.length >= MOST_PARTS) result += parts.splice(0).join('');
  }
  return start === 0 ? text : result + parts.join('') + text.slice(start);
}

function insertBetween(text: string, next: string, count: number): string {
  const parts = ['', ...toCharacters(text), ''];
  const most = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  checkLength(text.length + most * next.length);
  return [...parts.slice(0, most), parts.slice(most).join('')].join(next);
}

/** Three characters may come of one. */
export function toUpper(text: string): string {
  checkLength(text.length * 3);
  return text.toUpperCase();
}

export function toLower(text: string): string {
  checkLength(text.length * 3);
  return text.toLowerCase();
}

export function capitalize(text: string): string {
  const [first = ''] = text;
  return first.toUpperCase() + toLower(text.slice(first.length));
}

/** Python's `center` gives the odd space to the left when the width is odd. */
export function splitGap(gap: number, width: number): readonly [number, number] {
  const left = Math.floor(gap / 2) + (gap & width & 1);
  return [left, gap - left];
}

function stripped(name: string, side: Side, text: string, args: Arguments): string {
  const [characters] = take(name, args, ['chars']);
  return strip(text, side, asTextOrNone(characters, `the argument of ${name}()`));
}

function justify(
  name: string,
  text: string,
  args: Arguments,
  share: (gap: number, width: number) => readonly [number, number],
): string {
  const [size, filling] = take(name, args, ['width', 'fillchar']);
  const width = asInteger(size, 'the width');
  checkLength(width);
  const fill = asTextOrNone(filling, 'the fill character') ?? ' ';
  const gap = width - lengthOf(text);
  if (gap <= 0) return text;
  const [left, right] = share(gap, width);
  return fill.repeat(left) + text + fill.repeat(right);
}

const FIELD = /\{\{|\}\}|\{(\w*)\}|[{}]/g;

/** `str.format` with plain fields: `{}`, `{0}`, `{name}`. */
function formatBraces(text: string, { positional, named }: Arguments): string {
  checkCount(text.length);
  let next = 0;
  const result = text.replaceAll(FIELD, (field, name: string | undefined) => {
    if (field === '{{' || field === '}}') return field.slice(1);
    if (name === undefined)
      return fail('str.format() takes plain fields only, such as {} or {name}');
    const value = /^\d*$/.test(name)
      ? positional[name === '' ? next++ : Number(name)]
      : named.get(name);
    return value === undefined ? fail(`str.format() has no value for {${name}}`) : toText(value);
  });
  return bounded(result);
}
