import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Delta } from '../../../src/engines/engine.ts';
import { AnswerReader } from '../../../src/engines/stream/answer-reader.ts';

const event = (data: unknown): string =>
  `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
const text = (content: string, finish: string | null = null): string =>
  event({ choices: [{ index: 0, text: content, finish_reason: finish }] });
const usage = (prompt: number, completion: number): string =>
  event({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } });

/** Reads as the connection does: deltas until the last one, and what was told before a fault goes into `told`. */
function collect(chunks: readonly (string | Uint8Array)[], told: Delta[] = []): readonly Delta[] {
  const reader = new AnswerReader();
  const tell = (delta: Delta | null): boolean => {
    if (delta !== null) told.push(delta);
    return delta !== null && delta.finishReason !== null;
  };
  try {
    for (const chunk of chunks) if (tell(reader.read(Buffer.from(chunk)))) return told;
    tell(reader.end());
  } catch (error) {
    tell(reader.rest());
    throw error;
  }
  return told;
}

const textOf = (deltas: readonly Delta[]): string => deltas.map((delta) => delta.text).join('');

describe('the stream of an engine', () => {
  it('comes as one delta a read, the last one with reason and counts', () => {
    const deltas = collect([
      text('Hel'),
      text('lo') + text('!', 'stop'),
      usage(3, 4) + event('[DONE]'),
    ]);

    assert.deepEqual(deltas, [
      { text: 'Hel', usage: null, finishReason: null },
      { text: 'lo!', usage: null, finishReason: null },
      { text: '', usage: { promptTokens: 3, completionTokens: 4 }, finishReason: 'stop' },
    ]);
  });

  it('keeps text that comes in the same read as its end', () => {
    const deltas = collect([text('all', 'length') + usage(1, 1) + event('[DONE]')]);

    assert.deepEqual(deltas, [
      { text: 'all', usage: { promptTokens: 1, completionTokens: 1 }, finishReason: 'length' },
    ]);
  });

  it('keeps a U+FEFF of the text also where a read begins with it, and skips one before all', () => {
    const mark = '\uFEFF';
    const [before = '', behind = ''] = text(`a${mark}b`, 'stop').split(mark);

    assert.equal(textOf(collect([before, mark + behind])), `a${mark}b`);
    assert.equal(textOf(collect([mark + text('a', 'stop')])), 'a');
  });

  it('may end without [DONE] when it said that it finished', () => {
    assert.equal(collect([text('a'), text('', 'stop')]).at(-1)?.finishReason, 'stop');
  });

  it('reads chat deltas, and the counts in llama.cpp’s timings', () => {
    const deltas = collect([
      event({ choices: [{ delta: { role: 'assistant', content: null } }] }),
      event({
        choices: [{ delta: { content: 'Hi' }, finish_reason: null }],
        timings: { prompt_n: 4, cache_n: 6, predicted_n: 1 },
      }),
      event({ choices: [{ delta: {}, finish_reason: 'length' }] }) + event('[DONE]'),
    ]);

    assert.equal(textOf(deltas), 'Hi');
    assert.deepEqual(deltas[0]?.usage, { promptTokens: 10, completionTokens: 1 });
  });

  it('is not ended by counts that it does not understand', () => {
    const odd = { choices: [{ text: 'a', finish_reason: 'stop' }], usage: {}, timings: {} };

    assert.deepEqual(collect([event(odd) + event('[DONE]')]), [
      { text: 'a', usage: null, finishReason: 'stop' },
    ]);
  });

  it('that ends without a finish reason is an error, with or without [DONE]', () => {
    assert.throws(() => collect([text('a')]), { code: 'engine_failed' });
    assert.throws(() => collect([text('a'), event('[DONE]')]), { code: 'engine_failed' });
    assert.throws(() => collect([]), { code: 'engine_failed' });
  });

  it('with an error event is an error although [DONE] follows, and what came before is kept', () => {
    const fault = event({ error: { message: 'EngineCore encountered an issue', code: 500 } });
    for (const chunks of [
      [text('before'), fault + event('[DONE]')],
      [text('before') + fault + event('[DONE]')],
    ]) {
      const told: Delta[] = [];
      assert.throws(() => collect(chunks, told), { code: 'engine_failed', message: /EngineCore/ });
      assert.equal(textOf(told), 'before');
    }
  });

  it('that the engine aborted is an error, not an end', () => {
    assert.throws(() => collect([text('a', 'abort') + event('[DONE]')]), {
      code: 'engine_failed',
    });
  });

  it('with an event that is no JSON, or of unknown shape, is an error', () => {
    assert.throws(() => collect([event('{"half')]), { code: 'engine_failed' });
    assert.throws(() => collect([event({ choices: 'no list' })]), { code: 'engine_failed' });
  });

  it('gives the same text wherever the bytes are cut', () => {
    const words = ['Grüße ', '世界 ', '🙂', '👩‍👩‍👧', ' ok'];
    const bytes = Buffer.from(
      words.map((word) => text(word)).join('') + text('', 'stop') + event('[DONE]'),
    );

    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = edges.slice(1).map((end, at) => bytes.subarray(edges[at], end));
        assert.equal(textOf(collect(chunks.filter((c) => c.length > 0))), words.join(''));
      }),
      { numRuns: 200 },
    );
  });
});
