/** What was recorded from the original workers and clients, and the comparison with what we do. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The cases of one file, one a line. */
export function readRecorded(name: string): readonly unknown[] {
  const lines = readFileSync(join(import.meta.dirname, 'recorded', `${name}.jsonl`), 'utf8');
  return lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

/** One thing that was said or done, under the name of its place: `status`, `reply.text`, `engine.max_tokens`. */
export type Fields = Readonly<Record<string, unknown>>;

/** Where we do otherwise than the original, on purpose. Undefined: we do not have it. */
export type Difference = { readonly why: string; readonly ours: Fields };

/** Everything as it was recorded, but for the differences; and each of them is one still. */
export function assertAsRecorded(
  ours: Fields,
  recorded: Fields,
  differences: readonly Difference[],
): void {
  const expected: Record<string, unknown> = { ...recorded };
  for (const difference of differences) {
    for (const [field, value] of Object.entries(difference.ours)) {
      assert.notDeepEqual(value, recorded[field], `${field} is as recorded: strike it out`);
      expected[field] = value;
    }
  }
  assert.deepEqual(withoutUndefined(ours), withoutUndefined(expected));
}

/** A stream that shows the given texts, in their order, each any number of times or never. */
export function assertShowsOnly(shown: readonly string[], texts: readonly string[]): void {
  let from = 0;
  for (const text of shown) {
    const index = texts.indexOf(text, from);
    assert.notEqual(index, -1, `${JSON.stringify(text)} is none of ${JSON.stringify(texts)}`);
    from = index;
  }
}

/** Sampling under the names that vLLM has for it. What is as if it were not there is left out, whichever way it was said. */
export function samplingFields(sampling: Fields): Fields {
  const { stop, top_k: topK, ...rest } = sampling;
  const names = [
    ...['n', 'temperature', 'top_p', 'max_tokens', 'stop_token_ids', 'use_beam_search', 'best_of'],
    ...['presence_penalty', 'frequency_penalty', 'repetition_penalty'],
  ];
  const kept = names.flatMap((name) => (isNeutral(name, rest[name]) ? [] : [[name, rest[name]]]));
  return prefixed('engine.', {
    ...(Object.fromEntries(kept) as Fields),
    ...(Number(topK ?? 0) > 0 && { top_k: topK }),
    ...(Array.isArray(stop) && stop.length > 0 && { stop: stop.toSorted() }),
  });
}

export function prefixed(prefix: string, fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [prefix + name, value]));
}

const NEUTRAL: Fields = {
  n: 1,
  use_beam_search: false,
  best_of: null,
  presence_penalty: 0,
  frequency_penalty: 0,
  repetition_penalty: 1,
};

function isNeutral(name: string, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === undefined || value === NEUTRAL[name];
}

function withoutUndefined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
