/** `'%s of %d' % (a, b)`. */
import { fail } from '../values/failure.ts';
import { bounded, checkCount, checkLength } from '../values/limits.ts';
import { printFloat, toRepr, toText } from './print.ts';
import { Tuple, type Value, isDict, toNumber, typeName } from '../values/values.ts';

const FIELD = /%(?:\((\w+)\))?([-+ 0#]*)(\d*)(?:\.(\d+))?(.?)/gs;

export function formatPercent(pattern: string, values: Value): string {
  checkCount(pattern.length);
  const list = values instanceof Tuple ? values.items : [values];
  let next = 0;

  function take(name: string | undefined): Value {
    if (name !== undefined) {
      const value = isDict(values) ? values.get(name) : undefined;
      return value === undefined ? fail(`'${name}' is missing for a format string`) : value;
    }
    const value = list[next++];
    return value === undefined ? fail('not enough arguments for format string') : value;
  }

  const text = pattern.replaceAll(
    FIELD,
    (
      _,
      name: string | undefined,
      flags: string,
      width: string,
      digits: string | undefined,
      kind: string,
    ) => {
      if (kind === '%') return '%';
      checkLength(Number(width) + Number(digits ?? 0));
      return pad(formatOne(kind, take(name), digits, flags), Number(width), flags);
    },
  );
  if (values instanceof Tuple && next < list.length) {
    fail('not all arguments converted during string formatting');
  }
  return bounded(text);
}

function formatOne(kind: string, value: Value, digits: string | undefined, flags: string): string {
  if (kind === 's' || kind === 'r') {
    const text = kind === 's' ? toText(value) : toRepr(value);
    return digits === undefined ? text : text.slice(0, Number(digits));
  }
  const number = toNumber(value);
  if (number === null) {
    return fail(`%${kind} format: a real number is required, not ${typeName(value)}`);
  }
  const sign = flags.includes('+') && number >= 0 ? '+' : '';
  if ('diu'.includes(kind)) return sign + String(Math.trunc(number));
  if (kind === 'f' || kind === 'F')
    return sign + number.toFixed(Math.min(100, Number(digits ?? 6)));
  if (kind === 'x' || kind === 'X') {
    const hexadecimal = Math.trunc(number).toString(16);
    return sign + (kind === 'X' ? hexadecimal.toUpperCase() : hexadecimal);
  }
  return fail(`the format %${kind} is not supported: ${printFloat(number)}`);
}

function pad(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0')) return text.padStart(width);
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}
