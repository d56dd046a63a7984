import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { remember } from '../../../src/compose/parts/remember.ts';

describe('what is made of texts', () => {
  it('is made once for each text', () => {
    const { asked, get } = counted(2);
    assert.equal(get('a'), get('a'));
    assert.notEqual(get('a'), get('b'));
    assert.deepEqual(asked, ['a', 'b']);
  });

  it('is kept for the texts asked for last, and no more', () => {
    const { asked, get } = counted(2);
    for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) get(text);
    assert.deepEqual(asked, ['a', 'b', 'c', 'b']);
  });

  it('is kept when it is nothing, too', () => {
    const asked: string[] = [];
    const get = remember((text) => void asked.push(text), { most: 1 });
    get('a');
    get('a');
    assert.deepEqual(asked, ['a']);
  });

  it('is tried again after an error, which pushes nothing out', () => {
    const asked: string[] = [];
    const get = remember(
      (text) => {
        asked.push(text);
        if (text === 'bad') throw new Error('no');
      },
      { most: 1 },
    );
    get('a');
    assert.throws(() => get('bad'), /no/);
    assert.throws(() => get('bad'), /no/);
    get('a');
    assert.deepEqual(asked, ['a', 'bad', 'bad']);
  });
});

function counted(most: number) {
  const asked: string[] = [];
  const make = (text: string): object => {
    asked.push(text);
    return { text };
  };
  return { asked, get: remember(make, { most }) };
}
