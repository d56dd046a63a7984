/** Filters of single values: numbers, and what stands in for a missing one. */
import { asInteger, asText, take } from '../values/arguments.ts';
import { fail, failUndefined } from '../values/failure.ts';
import { Float, Undefined, type Value, isTrue, toNumber, typeName } from '../values/values.ts';
import { strip } from '../texts/white-space.ts';
import type { Filter, Filters } from './filter.ts';
import { attributeOnly } from './paths.ts';

const orDefault: Filter = (value, args) => {
  const [otherwise, alsoFalse] = take('default', args, ['default_value', 'boolean']);
  const isMissing = value instanceof Undefined || (isTrue(alsoFalse ?? false) && !isTrue(value));
  if (!isMissing) return value;
  return otherwise === undefined ? '' : otherwise;
};

export const VALUE_FILTERS: Filters = {
  default: orDefault,
  d: orDefault,
  abs(value) {
    const number = numberOf(value, 'abs');
    return value instanceof Float ? new Float(Math.abs(number)) : Math.abs(number);
  },
  int(value, args) {
    const [otherwise, base] = take('int', args, ['default', 'base']);
    return toInt(value, asInteger(base, 'base', 10)) ?? (otherwise === undefined ? 0 : otherwise);
  },
  float(value, args) {
    const [otherwise] = take('float', args, ['default']);
    const number = typeof value === 'string' ? parse(value) : toNumber(value);
    if (number !== null) return new Float(number);
    return otherwise === undefined ? new Float(0) : otherwise;
  },
  round(value, args) {
    const [digits, method] = take('round', args, ['precision', 'method']);
    const number = numberOf(value, 'round');
    const how = method === undefined ? 'common' : asText(method, 'method');
    const factor = 10 ** asInteger(digits, 'precision', 0);
    if (how === 'ceil') return new Float(Math.ceil(number * factor) / factor);
    if (how === 'floor') return new Float(Math.floor(number * factor) / factor);
    const rounded = roundHalfToEven(number * factor) / factor;
    return value instanceof Float ? new Float(rounded) : rounded;
  },
  attr: (value, args) => attributeOnly(value, asText(take('attr', args, ['name'])[0], 'name')),
};

function numberOf(value: Value, name: string): number {
  if (value instanceof Undefined) failUndefined(value);
  return toNumber(value) ?? fail(`the filter ${name} takes a number, not ${typeName(value)}`);
}

function toInt(value: Value, base: number): number | null {
  if (typeof value !== 'string') {
    const number = toNumber(value);
    return number === null || !Number.isFinite(number) ? null : Math.trunc(number);
  }
  const text = strip(value, 'both').replaceAll('_', '');
  if (base === 10 && /^[+-]?\d+$/.test(text)) return Number(text);
  if (base === 16 && /^(0x)?[0-9a-f]+$/i.test(text)) return parseInt(text, 16);
  const number = parse(text);
  return number === null ? null : Math.trunc(number);
}

function parse(text: string): number | null {
  const plain = strip(text, 'both');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : null;
}

function roundHalfToEven(number: number): number {
  const floor = Math.floor(number);
  if (number - floor !== 0.5) return Math.round(number);
  return floor % 2 === 0 ? floor : floor + 1;
}
