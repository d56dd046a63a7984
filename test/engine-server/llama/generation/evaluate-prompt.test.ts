import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  createPieceSize,
  evaluatePrompt,
} from '../../../../src/engine-server/llama/generation/evaluate-prompt.ts';
import { createTurnstile } from '../../../../src/engine-server/llama/generation/turnstile.ts';
import { fakeSlot } from './fake-slot.ts';

describe('the size of a prompt’s pieces', () => {
  it('grows where pieces are quick, at most twofold, up to the batch', () => {
    const size = createPieceSize(100);
    assert.equal(size.tokens, 32);
    size.learn(1);
    assert.equal(size.tokens, 64);
    size.learn(0);
    assert.equal(size.tokens, 100);
  });

  it('shrinks where pieces are slow, in proportion, down to a few tokens', () => {
    const size = createPieceSize(512);
    size.learn(240);
    assert.equal(size.tokens, 16);
    size.learn(60_000);
    assert.equal(size.tokens, 4);
  });

  it('is never more than the batch', () => {
    assert.equal(createPieceSize(8).tokens, 8);
    const size = createPieceSize(2);
    size.learn(60_000);
    assert.equal(size.tokens, 2);
  });
});

describe('a prompt', () => {
  const prompt = Array.from({ length: 100 }, (_, at) => at);
  const evaluate = (held: readonly number[], signal = new AbortController().signal) => {
    const slot = fakeSlot(held);
    const pieceSize = { tokens: 30, learn: () => undefined };
    const turnstile = createTurnstile();
    return { slot, rest: evaluatePrompt({ slot, prompt, pieceSize, turnstile, signal }) };
  };

  it('is computed in pieces up to the last one, which is left to the answer', async () => {
    const { slot, rest } = evaluate([]);
    assert.deepEqual(await rest, prompt.slice(90));
    assert.deepEqual(slot.pieces, [30, 30, 30]);
  });

  it('is not computed again as far as the slot holds it', async () => {
    const { slot, rest } = evaluate(prompt.slice(0, 50));
    assert.deepEqual(await rest, prompt.slice(80));
    assert.deepEqual(slot.pieces, [30]);
  });

  it('leaves something to compute also where the slot holds all of it', async () => {
    const { slot, rest } = evaluate([...prompt, 100, 101]);
    assert.deepEqual(await rest, [99]);
    assert.deepEqual(slot.pieces, []);
  });

  it('makes the slot forget what goes on in another way', async () => {
    const { slot, rest } = evaluate([...prompt.slice(0, 20), 777, 778]);
    assert.deepEqual(await rest, prompt.slice(80));
    assert.deepEqual(slot.pieces, [30, 30]);
    assert.deepEqual(slot.held, prompt.slice(0, 80));
  });

  it('is left between two pieces when its client has gone', async () => {
    const { slot, rest } = evaluate([], AbortSignal.abort());
    await assert.rejects(rest, { name: 'AbortError' });
    assert.deepEqual(slot.pieces, []);
  });
});
