import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createStopFilter } from '../../../src/worker/answer/stop-filter.ts';

/** What a reader sees after each piece, and in the end. */
function run(stop: readonly string[], pieces: readonly string[]): readonly string[] {
  const filter = createStopFilter(stop);
  const seen: string[] = [];
  let text = '';
  for (const piece of pieces) {
    const step = filter.push(piece);
    text += step.text;
    seen.push(text);
    if (step.isEnd) return seen;
  }
  return [...seen, text + filter.flush()];
}

type PartialStop = {
  readonly output: string;
  readonly stop_str: string;
  readonly partial: boolean;
};

/** What FastChat's `is_partial_stop` says. */
function recordedPartialStops(): readonly PartialStop[] {
  const file = join(import.meta.dirname, '../wire/recorded/is-partial-stop.jsonl');
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as PartialStop);
}

/** The rule in its plainest words: the first character at which any stop string is complete; the longest of them. */
function cutWhole(stop: readonly string[], text: string): string {
  for (let end = 1; end <= text.length; end += 1) {
    const complete = stop.filter((one) => text.slice(0, end).endsWith(one));
    if (complete.length > 0) return text.slice(0, end - Math.max(...complete.map((s) => s.length)));
  }
  return text;
}

describe('stop strings', () => {
  it('end the text before them, also when they come in pieces', () => {
    assert.deepEqual(run(['\nUser'], ['Hello', '\nUs', 'er: no']), ['Hello', 'Hello', 'Hello']);
  });

  it('hold back only what they begin with', () => {
    assert.deepEqual(run(['\nUser'], ['a\n', 'U', 'nless']), ['a', 'a', 'a\nUnless', 'a\nUnless']);
  });

  it('that never come take nothing away: what was held back is told at the end', () => {
    assert.deepEqual(run(['###'], ['a #', '#']), ['a ', 'a ', 'a ##']);
  });

  it('that overlap end it where the first one is complete', () => {
    assert.equal(run(['xabc', 'ab'], ['x', 'a', 'bc']).at(-1), 'x');
    assert.equal(run(['aab', 'ab'], ['aaab']).at(-1), 'a');
  });

  it('that are empty are none', () => {
    assert.deepEqual(run([''], ['a', 'b']), ['a', 'ab', 'ab']);
  });

  it('are held back exactly when FastChat holds them back, but for texts that have one already', () => {
    for (const { output, stop_str, partial } of recordedPartialStops()) {
      const filter = createStopFilter([stop_str]);
      const { isEnd } = filter.push(output);
      const isHeld = filter.flush() !== '';
      // There FastChat's engine has cut the text, so its predicate is never asked.
      if (output.includes(stop_str)) assert.equal(isEnd, true, output);
      else assert.deepEqual([isEnd, isHeld], [false, partial], `${output} | ${stop_str}`);
    }
  });

  it('give the same text however it is cut, and let nothing out that is taken back', () => {
    const letters = fc.constantFrom('a', 'b', '#', '\n', '世', '🙂');
    const stops = fc.array(fc.string({ unit: letters, minLength: 1, maxLength: 4 }), {
      maxLength: 4,
    });
    const pieces = fc.array(fc.string({ unit: letters, maxLength: 6 }), { maxLength: 12 });
    fc.assert(
      fc.property(stops, pieces, (stop, cut) => {
        const seen = run(stop, cut);
        const whole = cutWhole(stop, cut.join(''));
        assert.equal(seen.at(-1) ?? '', whole);
        for (const text of seen) assert.ok(whole.startsWith(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
