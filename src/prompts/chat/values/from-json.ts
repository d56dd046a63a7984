import { fail } from './failure.ts';
import { MOST_ITEMS, checkKeys } from './limits.ts';
import { Float, type Value } from './values.ts';

/**
 * A value that came as JSON → a template's. Objects become maps, so that no key of theirs can mean anything to JavaScript. A number without
 * a fraction is an integer: JSON.parse does not tell 1.0 from 1.
 */
export function fromJson(json: unknown): Value {
  let count = 0;

  function convert(value: unknown): Value {
    count += 1;
    if (count > MOST_ITEMS) fail(`the request holds more than ${String(MOST_ITEMS)} values`);
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number') return Number.isInteger(value) ? value : new Float(value);
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value !== 'object') return fail(`the request holds a ${typeof value}`);
    const entries = Object.entries(value);
    checkKeys(entries.length);
    return new Map(entries.map(([key, member]) => [key, convert(member)]));
  }

  return convert(json);
}
