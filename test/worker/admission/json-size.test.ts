import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { checkJsonSize } from '../../../src/worker/admission/json-size.ts';

function check(json: string): void {
  checkJsonSize(Buffer.from(json));
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

describe('the size of JSON', () => {
  it('is 64 levels at most, of lists and objects', () => {
    check(nested(64));
    check('{"a":'.repeat(64) + '1' + '}'.repeat(64));
    assert.throws(() => check(nested(65)), { code: 'invalid_request', message: /64 levels/ });
    assert.throws(() => check('{"a":'.repeat(65)), { code: 'invalid_request' });
    assert.throws(() => check('['.repeat(1_000_000)), { code: 'invalid_request' });
  });

  it('counts levels that are open at once, not brackets', () => {
    check(`[${'[],'.repeat(1_000)}[]]`);
  });

  it('is 300,000 values at most', () => {
    check(`[${'1,'.repeat(200_000)}1]`);
    assert.throws(() => check(`[${'[],'.repeat(400_000)}[]]`), { message: /300000 values/ });
    assert.throws(() => check(`[${'1,'.repeat(400_000)}1]`), { message: /300000 values/ });
  });

  it('does not look into strings, however they are escaped', () => {
    const brackets = '[{'.repeat(100);
    for (const text of [brackets, `"${brackets}`, `\\${brackets}`, `\\"${brackets}\\`])
      check(JSON.stringify({ [text]: text }));
    assert.throws(() => check(`["\\\\",${'['.repeat(65)}`), { code: 'invalid_request' });
  });

  it('passes every ordinary value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 20 }), (json) => {
        check(json);
      }),
    );
  });

  it('takes what is no JSON for the parser to refuse', () => {
    for (const text of ['', '"', '"\\', ']]]]', 'nonsense', '\uFEFF{}']) check(text);
  });
});
