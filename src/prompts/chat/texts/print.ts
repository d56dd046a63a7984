/** `str()` and `repr()`. */
import { MOST_CHARACTERS, bounded, checkLength } from '../values/limits.ts';
import {
  Float,
  Namespace,
  Tuple,
  Undefined,
  type Value,
  isDict,
  isList,
} from '../values/values.ts';

import { replaceCharacters } from './in-pieces.ts';

/** What `{{ value }}` writes. */
export function toText(value: Value): string {
  if (typeof value === 'string') return bounded(value);
  return value instanceof Undefined ? '' : toRepr(value);
}

export function toRepr(value: Value): string {
  let left = MOST_CHARACTERS;

  // Lists may hold one list many times over, so a small one can be a huge text.
  function keep(text: string): string {
    left -= text.length;
    if (left < 0) checkLength(MOST_CHARACTERS + 1);
    return text;
  }

  function print(item: Value): string {
    if (isList(item)) return `${keep('[')}${join(item)}]`;
    if (item instanceof Tuple) {
      return `${keep('(')}${join(item.items)}${item.items.length === 1 ? ',' : ''})`;
    }
    if (isDict(item)) {
      const members = Array.from(item, ([key, member]) => `${print(key)}: ${print(member)}`);
      return `${keep('{')}${members.join(', ')}}`;
    }
    return keep(printPlain(item));
  }

  function join(items: readonly Value[]): string {
    return items.map(print).join(', ');
  }

  return print(value);
}

function printPlain(value: Value): string {
  if (typeof value === 'string') return quote(value);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(BigInt(value));
  if (value instanceof Float) return printFloat(value.value);
  if (value instanceof Undefined) return 'Undefined';
  return value instanceof Namespace ? '<Namespace>' : '<function>';
}

/** `repr(float)`: the shortest digits that read back as the same number, with an exponent from 1e16 and below 1e-4. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits}e${exponent[0] ?? ''}${exponent.slice(1).padStart(2, '0')}`;
  }
  const sign = Object.is(value, -0) ? '-' : '';
  return `${sign}${String(value)}${Number.isInteger(value) ? '.0' : ''}`;
}

const NOT_IN_SINGLE = /[\p{C}\p{Z}\\']/gu;
const NOT_IN_DOUBLE = /[\p{C}\p{Z}\\]/gu;
const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
  "'": "\\'",
};

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const pattern = mark === '"' ? NOT_IN_DOUBLE : NOT_IN_SINGLE;
  const inner = replaceCharacters(text, pattern, (character) =>
    character === ' ' ? ' ' : (ESCAPES[character] ?? escapeCode(character)),
  );
  return `${mark}${inner}${mark}`;
}

function escapeCode(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\U${code.toString(16).padStart(8, '0')}`;
}
