import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDurationS } from '../../../src/config/values/duration.ts';

describe('parseDurationS', () => {
  for (const [written, seconds] of [
    [90, 90],
    ['90', 90],
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['1d', 86_400],
    ['1w', 604_800],
  ] as const)
    it(`reads ${String(written)}`, () => {
      assert.equal(parseDurationS(written), seconds);
    });

  for (const wrong of ['', '0', '1.5h', '-1', '10 m', 'soon', '5w', 0, 1.5, true, null, ['10m']])
    it(`refuses ${JSON.stringify(wrong)}`, () => {
      assert.throws(() => parseDurationS(wrong), { code: 'config_invalid', hint: /10m/ });
    });
});
