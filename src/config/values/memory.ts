import { mismatch, quoted } from './mismatch.ts';

const GIB = 1024 ** 3;
const BYTES = new Map([
  ['mb', 1024 ** 2],
  ['gb', GIB],
  ['tb', 1024 ** 4],
]);
const HINT = 'a size such as `512MB`, `16GB` or `1.5TB`';

/**
 * Memory in dstack's syntax → bytes. `MB`, `GB` and `TB` are powers of 1024, and a number without a unit counts GB, as dstack has it
 * (its `core/models/resources.py`). Throws for anything that is not above zero, with the hint.
 */
export function parseMemory(value: unknown, hint = HINT): number {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw mismatch(`${quoted(value)} is not a size`, hint);
  const [, amount, unit] =
    /^(\d+(?:\.\d+)?)([mgt]b)?$/.exec(String(value).replaceAll(' ', '').toLowerCase()) ?? [];
  const bytes = Math.round(Number(amount) * (BYTES.get(unit ?? 'gb') ?? GIB));
  if (!(bytes > 0) || !Number.isSafeInteger(bytes))
    throw mismatch(`${quoted(value)} is not a size`, hint);
  return bytes;
}

/** Memory, or a range of it (`8GB..`, `8GB..16GB`) → the lower bound in bytes. */
export function parseLeastMemory(value: unknown): number {
  return parseLeast(value, parseMemory);
}

/** Processor cores, or a range of them (`4..`) → the lower bound. Docker takes fractions. */
export function parseLeastCores(value: unknown): number {
  return parseLeast(value, parseCores);
}

function parseCores(value: unknown): number {
  const isNumber = typeof value === 'number' || /^\d+(\.\d+)?$/.test(String(value));
  const cores = isNumber ? Number(value) : Number.NaN;
  if (!(cores > 0 && cores <= 4096))
    throw mismatch(`${quoted(value)} is not a number of cores`, 'a number such as `8`, or `0.5`');
  return cores;
}

function parseLeast(value: unknown, parse: (bound: unknown) => number): number {
  if (typeof value !== 'string' || !value.includes('..')) return parse(value);
  const [from, to, ...more] = value.replaceAll(' ', '').split('..');
  const hint = 'a range such as `8..` or `8..16`';
  if (from === undefined || from === '' || more.length > 0)
    throw mismatch(`${quoted(value)} is a range without a lower bound`, hint);
  const least = parse(from);
  if (to !== undefined && to !== '' && parse(to) < least)
    throw mismatch(`${quoted(value)} ends before it starts`, hint);
  return least;
}
