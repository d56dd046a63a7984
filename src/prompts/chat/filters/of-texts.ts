/** Filters that make a text. Whatever they are given is printed first, as `{{ value }}` would. */
import { capitalize, replace, splitGap, toLower, toUpper } from '../methods/text-changes.ts';
import { asInteger, asText, asTextOrNone, take } from '../values/arguments.ts';
import { lengthOf, toCharacters } from '../texts/code-points.ts';
import { fail } from '../values/failure.ts';
import { formatPercent } from '../texts/format-percent.ts';
import { bounded, checkCount, checkLength } from '../values/limits.ts';
import { toText } from '../texts/print.ts';
import { type JsonStyle, toJson } from '../texts/to-json.ts';
import { type Arguments, Tuple, type Value, isDict, isList, isTrue } from '../values/values.ts';
import { replaceCharacters } from '../texts/in-pieces.ts';
import { strip, wordsOf } from '../texts/white-space.ts';
import type { Filters } from './filter.ts';

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

export const TEXT_FILTERS: Filters = {
  string: (value) => bounded(toText(value)),
  safe: (value) => bounded(toText(value)),
  e: (value) => escapeHtml(toText(value)),
  escape: (value) => escapeHtml(toText(value)),
  upper: (value) => toUpper(toText(value)),
  lower: (value) => toLower(toText(value)),
  capitalize: (value) => capitalize(toText(value)),
  title(value) {
    const text = toText(value);
    checkCount(text.length);
    return text.replaceAll(/[^-\s({[<]+/g, capitalize);
  },
  trim(value, args) {
    const [characters] = take('trim', args, ['chars']);
    return strip(toText(value), 'both', asTextOrNone(characters, 'chars'));
  },
  replace(value, args) {
    const [old, next, count] = take('replace', args, ['old', 'new', 'count']);
    return replace(
      toText(value),
      toText(old ?? null),
      toText(next ?? null),
      count === null ? -1 : asInteger(count, 'count', -1),
    );
  },
  center(value, args) {
    const width = asInteger(take('center', args, ['width'])[0], 'width', 80);
    checkLength(width);
    const text = toText(value);
    const gap = width - lengthOf(text);
    if (gap <= 0) return text;
    const [left, right] = splitGap(gap, width);
    return ' '.repeat(left) + text + ' '.repeat(right);
  },
  indent(value, args) {
    const [width, first, blank] = take('indent', args, ['width', 'first', 'blank']);
    const spaces = typeof width === 'string' ? width : ' '.repeat(toWidth(width));
    return indent(toText(value), spaces, isTrue(first ?? false), isTrue(blank ?? false));
  },
  truncate(value, args) {
    const [size, whole, ending, slack] = take('truncate', args, [
      'length',
      'killwords',
      'end',
      'leeway',
    ]);
    const length = asInteger(size, 'length', 255);
    const end = ending === undefined ? '...' : asText(ending, 'end');
    const characters = toCharacters(toText(value));
    if (length < lengthOf(end)) fail(`expected length >= ${String(lengthOf(end))}`);
    if (characters.length <= length + asInteger(slack, 'leeway', 5)) return characters.join('');
    const cut = characters.slice(0, length - lengthOf(end)).join('');
    const space = cut.lastIndexOf(' ');
    return (isTrue(whole ?? false) || space < 0 ? cut : cut.slice(0, space)) + end;
  },
  wordcount: (value) => wordsOf(toText(value)).length,
  urlencode: (value) =>
    isDict(value)
      ? Array.from(value, (pair) => pair.map((each) => quoteUrl(toText(each), '')).join('=')).join(
          '&',
        )
      : quoteUrl(toText(value), '/'),
  format(value, { positional, named }) {
    if (positional.length > 0 && named.size > 0) {
      fail("can't handle positional and keyword arguments at the same time");
    }
    return formatPercent(toText(value), named.size > 0 ? new Map(named) : new Tuple(positional));
  },
  tojson: (value, args) => toJson(value, toStyle(args)),
};

function indent(text: string, spaces: string, first: boolean, blank: boolean): string {
  const lines = text.split('\n');
  checkLength(text.length + lines.length * spaces.length);
  return lines
    .map((line, at) => ((at === 0 ? first : blank || line !== '') ? spaces + line : line))
    .join('\n');
}

function toWidth(value: Value | undefined): number {
  const width = asInteger(value, 'width', 4);
  checkLength(width);
  return Math.max(0, width);
}

/** The parameters of transformers' `tojson`, in its order. */
function toStyle(args: Arguments): JsonStyle {
  const [ascii, width, separators, sort] = take('tojson', args, [
    'ensure_ascii',
    'indent',
    'separators',
    'sort_keys',
  ]);
  const isOneLine = width === undefined || width === null;
  const pair = separators instanceof Tuple ? separators.items : (separators ?? null);
  if (pair !== null && !isList(pair)) fail('separators must be two texts');
  return {
    ensureAscii: isTrue(ascii ?? false),
    indent: isOneLine ? null : typeof width === 'string' ? width : ' '.repeat(toWidth(width)),
    itemSeparator: pair === null ? (isOneLine ? ', ' : ',') : asText(pair[0], 'a separator'),
    keySeparator: pair === null ? ': ' : asText(pair[1], 'a separator'),
    sortKeys: isTrue(sort ?? false),
  };
}

function escapeHtml(text: string): string {
  checkLength(text.length * 5);
  return replaceCharacters(text, /[&<>'"]/g, (mark) => HTML[mark] ?? mark);
}

function quoteUrl(text: string, alsoSafe: string): string {
  checkLength(text.length * 9);
  return replaceCharacters(
    encodeURIComponent(text),
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  ).replaceAll('%2F', alsoSafe === '/' ? '/' : '%2F');
}
