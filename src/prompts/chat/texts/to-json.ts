/** `json.dumps`, as transformers gives it to templates for `tojson`. */
import { compare } from '../values/compare.ts';
import { fail } from '../values/failure.ts';
import { MOST_CHARACTERS, checkLength } from '../values/limits.ts';
import { inPieces } from './in-pieces.ts';
import { printFloat } from './print.ts';
import { Float, Tuple, type Value, isDict, isList, typeName } from '../values/values.ts';

export type JsonStyle = {
  readonly ensureAscii: boolean;
  /** What a level is indented by; null: all in one line. */
  readonly indent: string | null;
  readonly itemSeparator: string;
  readonly keySeparator: string;
  readonly sortKeys: boolean;
};

const NOT_ASCII = /[\x7f-\uffff]/g;
const TO_ESCAPE = /[\p{Cc}"\\]/gu;

export function toJson(value: Value, style: JsonStyle): string {
  let left = MOST_CHARACTERS;

  function keep(text: string): string {
    left -= text.length;
    if (left < 0) checkLength(MOST_CHARACTERS + 1);
    return text;
  }

  function print(item: Value, depth: number): string {
    if (isList(item))
      return wrap(
        '[',
        item.map((each) => print(each, depth + 1)),
        ']',
        depth,
      );
    if (item instanceof Tuple) return print(item.items, depth);
    if (!isDict(item)) return keep(printPlain(item, style.ensureAscii));
    const entries = [...item];
    if (style.sortKeys) entries.sort(([a], [b]) => compare(a, b, '<'));
    const members = entries.map(([key, member]) => {
      const name = keep(printText(toKey(key), style.ensureAscii));
      return `${name}${style.keySeparator}${print(member, depth + 1)}`;
    });
    return wrap('{', members, '}', depth);
  }

  function wrap(open: string, parts: readonly string[], close: string, depth: number): string {
    if (parts.length === 0) return keep(open + close);
    if (style.indent === null) {
      keep(style.itemSeparator.repeat(parts.length));
      return open + parts.join(style.itemSeparator) + close;
    }
    checkLength(style.indent.length * (depth + 1));
    const line = `\n${style.indent.repeat(depth + 1)}`;
    checkLength(line.length * parts.length);
    keep(line.repeat(parts.length));
    const end = `\n${style.indent.repeat(depth)}`;
    return open + line + parts.join(style.itemSeparator + line) + end + close;
  }

  return print(value, 0);
}

function printPlain(value: Value, ensureAscii: boolean): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return printText(value, ensureAscii);
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (value instanceof Float) return printFloat(value.value);
  return fail(`Object of type ${typeName(value)} is not JSON serializable`);
}

function toKey(key: Value): string {
  if (typeof key === 'string') return key;
  if (key instanceof Float || typeof key === 'number' || typeof key === 'boolean' || key === null) {
    return printPlain(key, false);
  }
  return fail(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function printText(text: string, ensureAscii: boolean): string {
  const inner = inPieces(text, (piece) => {
    const json = JSON.stringify(piece).slice(1, -1);
    if (ensureAscii) return json.replaceAll(NOT_ASCII, escapeUnit);
    // Python leaves half of a pair as it is, and JSON.stringify escapes it.
    return piece.isWellFormed() ? json : piece.replaceAll(TO_ESCAPE, escapeOne);
  });
  return `"${inner}"`;
}

function escapeOne(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
