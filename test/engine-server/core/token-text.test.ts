import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { createTokenText } from '../../../src/engine-server/core/token-text.ts';
import { detokenize, tokenize } from '../../../src/engine-server/simulator/tokenizer.ts';

const source = { detokenize };

function texts(tokens: readonly number[]): string[] {
  const next = createTokenText(source, { prompt: [], skipSpecialTokens: false });
  return tokens.map((token) => next(token));
}

const bytesToken = (byte: number) => 1000 + byte;

describe('token text', () => {
  it('holds an incomplete character until the token that completes it', () => {
    const smile = [...Buffer.from('a🙂b')].map(bytesToken);
    assert.deepEqual(texts(smile), ['a', '', '', '', '🙂', 'b']);
  });

  it('sends the complete characters of a run that never ends at a token', () => {
    const tokens = tokenize(' 🙂🙂🙂🙂');
    assert.deepEqual(texts(tokens), [' ', '🙂', '🙂', '🙂', '🙂']);
  });

  it('lets broken bytes through as U+FFFD', () => {
    const broken = [0x61, 0xff, 0x62].map(bytesToken);
    assert.equal(texts(broken).join(''), 'a\uFFFDb');
  });

  it('does not wait for ever for broken bytes to become a character', () => {
    const broken = Array.from({ length: 12 }, () => bytesToken(0xff));
    assert.equal(texts(broken).join(''), '\uFFFD'.repeat(12));
  });

  it('gives the text of all tokens together, for any text and any cut into tokens', () => {
    // A U+FFFD at the end looks like half a character, here as in vLLM: it is held for what completes it.
    const anyText = fc
      .string({ unit: 'grapheme', maxLength: 60 })
      .filter((text) => !text.includes('\uFFFD'));
    fc.assert(
      fc.property(anyText, (text) => {
        assert.equal(texts(tokenize(text)).join(''), text);
        assert.equal(texts([...Buffer.from(text)].map(bytesToken)).join(''), text);
      }),
    );
  });
});
