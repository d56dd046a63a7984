/** The functions that every template has. */
import { asInteger, asText, take } from '../values/arguments.ts';
import { fail } from '../values/failure.ts';
import { iterate } from '../values/iterate.ts';
import { MOST_OF_A_RANGE, checkKeys, checkLength } from '../values/limits.ts';
import { stepThrough } from '../texts/code-points.ts';
import { toText } from '../texts/print.ts';
import {
  type Arguments,
  type Callable,
  Namespace,
  Tuple,
  type Value,
  isDict,
  isList,
} from '../values/values.ts';
import { strftime } from './strftime.ts';

export const GLOBALS: ReadonlyMap<string, Callable> = new Map<string, Callable>([
  ['range', range],
  ['namespace', (args) => new Namespace(toNames(args))],
  ['dict', (args) => new Map<Value, Value>(toNames(args))],
  ['joiner', joiner],
  ['cycler', cycler],
  [
    'raise_exception',
    (args) => fail(toText(take('raise_exception', args, ['message'])[0] ?? null)),
  ],
  [
    'strftime_now',
    (args) => {
      const format = asText(take('strftime_now', args, ['format'])[0], 'the format');
      checkLength(format.length * 10);
      return strftime(new Date(), format);
    },
  ],
]);

function range({ positional }: Arguments): Value {
  const [first, second, third] = positional;
  const start = second === undefined ? 0 : asInteger(first, 'start');
  const stop = asInteger(second ?? first, 'stop');
  const step = asInteger(third, 'step', 1);
  if (step === 0) fail('range() arg 3 must not be zero');
  if ((stop - start) / step > MOST_OF_A_RANGE) {
    fail(
      `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${String(MOST_OF_A_RANGE)}).`,
    );
  }
  return stepThrough(start, stop, step);
}

function toNames({ positional, named }: Arguments): Map<string, Value> {
  const [source] = positional;
  const names = new Map<string, Value>();
  const pairs = source === undefined ? [] : isDict(source) ? [...source] : toPairs(source);
  checkKeys(pairs.length + named.size);
  for (const [key, value] of [...pairs, ...named]) {
    names.set(asText(key, 'a name'), value ?? null);
  }
  return names;
}

function toPairs(source: Value): readonly (readonly Value[])[] {
  return iterate(source).map((pair) => {
    if (pair instanceof Tuple) return pair.items;
    return isList(pair) ? pair : fail('cannot make names of that');
  });
}

function joiner(args: Arguments): Value {
  const mark = take('joiner', args, ['sep'])[0] ?? ', ';
  let used = false;
  return () => {
    const result = used ? mark : '';
    used = true;
    return result;
  };
}

function cycler({ positional }: Arguments): Value {
  if (positional.length === 0) fail('at least one item has to be provided');
  let at = 0;
  const names = new Map<string, Value>([
    ['current', positional[0] ?? null],
    ['next', () => step(at, at + 1)],
    ['reset', () => step(at, 0)],
  ]);
  function step(now: number, next: number): Value {
    at = next % positional.length;
    names.set('current', positional[at] ?? null);
    return positional[now] ?? null;
  }
  return new Namespace(names);
}
