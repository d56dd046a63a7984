/** Methods of `str` that take a text apart or put one together. */
import { asInteger, asText, asTextOrNone, take } from '../values/arguments.ts';
import { fail } from '../values/failure.ts';
import { iterate } from '../values/iterate.ts';
import { MOST_ITEMS, checkCount, checkLength } from '../values/limits.ts';
import { type Arguments, Tuple } from '../values/values.ts';
import { strip, wordsOf } from '../texts/white-space.ts';
import type { TextMethod } from './text-searches.ts';

/** Where `splitlines` cuts. */
const ENDS = '\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029';
const LINE_ENDS = new RegExp(`\\r\\n|[${ENDS}]`, 'g');

export const TEXT_SPLITS: Readonly<Record<string, TextMethod>> = {
  split: (text, args) => split(text, args, 'split'),
  rsplit: (text, args) => split(text, args, 'rsplit'),
  splitlines(text, args) {
    const [keepEnds] = take('splitlines', args, ['keepends']);
    const lines: string[] = [];
    let start = 0;
    for (const { index, 0: end } of text.matchAll(LINE_ENDS)) {
      checkCount(lines.length + 1);
      lines.push(text.slice(start, keepEnds === true ? index + end.length : index));
      start = index + end.length;
    }
    return start < text.length ? [...lines, text.slice(start)] : lines;
  },
  partition(text, args) {
    const mark = separator('partition', args);
    const at = text.indexOf(mark);
    return new Tuple(
      at < 0 ? [text, '', ''] : [text.slice(0, at), mark, text.slice(at + mark.length)],
    );
  },
  rpartition(text, args) {
    const mark = separator('rpartition', args);
    const at = text.lastIndexOf(mark);
    return new Tuple(
      at < 0 ? ['', '', text] : [text.slice(0, at), mark, text.slice(at + mark.length)],
    );
  },
  join(text, args) {
    const [items] = take('join', args, ['iterable']);
    return joinTexts(
      iterate(items ?? null).map((item) => asText(item, 'each item of join()')),
      text,
    );
  },
};

/** The texts with a mark between them, unless that is too long. */
export function joinTexts(texts: readonly string[], mark: string): string {
  checkLength(texts.reduce((sum, each) => sum + each.length + mark.length, 0));
  return texts.join(mark);
}

function separator(name: string, args: Arguments): string {
  const mark = asText(take(name, args, ['sep'])[0], 'the separator');
  return mark === '' ? fail('empty separator') : mark;
}

function split(text: string, args: Arguments, name: 'split' | 'rsplit'): readonly string[] {
  const [sep, max] = take(name, args, ['sep', 'maxsplit']);
  const mark = asTextOrNone(sep, 'the separator');
  const most = asInteger(max, 'maxsplit', -1);
  if (mark === '') fail('empty separator');
  const parts = mark === null ? wordsOf(text).map(([word]) => word) : splitAll(text, mark);
  if (most < 0 || parts.length <= most + 1) return parts;
  if (mark === null) return splitAtSpace(text, most, name);
  return name === 'split'
    ? [...parts.slice(0, most), parts.slice(most).join(mark)]
    : [parts.slice(0, parts.length - most).join(mark), ...parts.slice(parts.length - most)];
}

/** The rest keeps its inner white space. */
function splitAtSpace(text: string, most: number, name: 'split' | 'rsplit'): readonly string[] {
  const words = wordsOf(text);
  if (name === 'split') {
    const rest = words[most]?.index ?? 0;
    return [...words.slice(0, most).map(([word]) => word), strip(text.slice(rest), 'left')];
  }
  const last = words[words.length - most - 1];
  const end = (last?.index ?? 0) + (last?.[0].length ?? 0);
  return [
    strip(text.slice(0, end), 'left'),
    ...words.slice(words.length - most).map(([word]) => word),
  ];
}

function splitAll(text: string, mark: string): readonly string[] {
  const parts = text.split(mark, MOST_ITEMS + 1);
  checkCount(parts.length);
  return parts;
}
