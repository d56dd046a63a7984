import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { createStopStrings } from '../../../src/engine-server/core/stop-strings.ts';

type Run = {
  readonly pieces: readonly string[];
  readonly stop: readonly string[];
  readonly includeStop?: boolean;
};

/** What is sent for each piece, and the stop string that ended it. */
function run({ pieces, stop, includeStop = false }: Run) {
  const strings = createStopStrings({ stop, includeStop });
  const sent: string[] = [];
  for (const piece of pieces) {
    const { text, matched } = strings.push(piece, true);
    sent.push(text);
    if (matched !== null) return { sent, text: sent.join(''), matched };
  }
  sent.push(strings.flush());
  return { sent, text: sent.join(''), matched: null };
}

// Few letters, so that stop strings occur, overlap and nearly occur.
const word = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', '\n', '🙂'), minLength: 1, maxLength });
const pieces = fc.array(word(4), { maxLength: 30 });
const stop = fc.array(word(5), { minLength: 1, maxLength: 3 });

describe('stop strings', () => {
  it('holds back what may become a stop string, and sends it when it does not', () => {
    assert.deepEqual(run({ pieces: ['x', 'S', 'T', 'a'], stop: ['STOP'] }).sent, [
      '',
      '',
      '',
      'x',
      'STa',
    ]);
  });

  it('cuts a stop string that is split over pieces', () => {
    const { text, matched } = run({ pieces: ['one S', 'TO', 'P two'], stop: ['STOP'] });
    assert.deepEqual({ text, matched }, { text: 'one ', matched: 'STOP' });
  });

  it('holds nothing back, and ends with the stop string, when it is to be included', () => {
    const { sent, matched } = run({
      pieces: ['one S', 'TO', 'P two'],
      stop: ['STOP'],
      includeStop: true,
    });
    assert.deepEqual({ sent, matched }, { sent: ['one S', 'TO', 'P'], matched: 'STOP' });
  });

  it('lets the stop string that begins first win', () => {
    const { text, matched } = run({ pieces: ['xaby'], stop: ['b', 'a'] });
    assert.deepEqual({ text, matched }, { text: 'x', matched: 'a' });
  });

  it('ignores a stop string that ends before it counts, and heeds one that ends after', () => {
    const strings = createStopStrings({ stop: ['ab'], includeStop: false });
    assert.equal(strings.push('xab', false).matched, null);
    assert.equal(strings.push('a', false).matched, null);
    assert.deepEqual(strings.push('b', true), { text: '', matched: 'ab' });
  });

  it('never sends a stop string or a part of one that matched, wherever the pieces are cut', () => {
    fc.assert(
      fc.property(pieces, stop, (some, stops) => {
        const all = some.join('');
        const { text, matched } = run({ pieces: some, stop: stops });
        if (matched === null) {
          assert.equal(text, all);
          assert.ok(stops.every((one) => !all.includes(one)));
        } else {
          assert.ok(all.startsWith(text + matched));
          assert.ok(stops.every((one) => !text.includes(one)));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('sends the same text as a search of everything so far after each piece, and never half a character', () => {
    fc.assert(
      fc.property(pieces, stop, fc.boolean(), (some, stops, includeStop) => {
        const { sent, text } = run({ pieces: some, stop: stops, includeStop });
        assert.equal(text, naive({ pieces: some, stop: stops, includeStop }));
        assert.ok(sent.every((part) => part.isWellFormed()));
      }),
      { numRuns: 2000 },
    );
  });
});

function naive({ pieces, stop, includeStop }: Required<Run>): string {
  let all = '';
  for (const piece of pieces) {
    all += piece;
    const found = stop
      .map((one) => ({ at: all.indexOf(one), one }))
      .filter(({ at }) => at >= 0)
      .sort((a, b) => a.at - b.at)[0];
    if (found !== undefined) return all.slice(0, found.at + (includeStop ? found.one.length : 0));
  }
  return all;
}
