import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFrames } from '../../../src/worker/replies/frames.ts';
import type { FrameForm, Frames } from '../../../src/worker/replies/frames.ts';

const delta = (text: string, finishReason: 'stop' | null = null) => ({
  text,
  usage: { promptTokens: 3, completionTokens: 2 },
  finishReason,
});

/** The next frame, as it goes over the wire. */
function taken(frames: Frames): string {
  return frames.take(true).toString('latin1');
}

function take(form: FrameForm, ...texts: readonly string[]): string {
  const frames = createFrames(form, { mostPatienceMs: 50, isChunked: false });
  for (const text of texts) frames.add(delta(text));
  return taken(frames);
}

describe('a frame', () => {
  it('is ASCII and one NUL, whatever the text is', () => {
    const frame = take(
      { mode: 'cumulative', framing: 'nul' },
      'Grüße "世界"\n',
      '🙂\0\\',
      '\u2028',
    );

    assert.match(frame, /^[ -~]+\0$/);
    assert.equal(
      (JSON.parse(frame.slice(0, -1)) as { text: string }).text,
      'Grüße "世界"\n🙂\0\\\u2028',
    );
  });

  it('has all text so far, and the counts', () => {
    const frames = createFrames(
      { mode: 'cumulative', framing: 'nul' },
      { mostPatienceMs: 50, isChunked: false },
    );
    frames.add(delta('Hel'));
    frames.take(true);
    frames.add(delta('lo'));

    assert.deepEqual(JSON.parse(taken(frames).slice(0, -1)), {
      text: 'Hello',
      error_code: 0,
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
      finish_reason: null,
    });
  });

  it('of delta mode has what is new, and the counts at the end', () => {
    const frames = createFrames(
      { mode: 'delta', framing: 'nul' },
      { mostPatienceMs: 50, isChunked: false },
    );
    frames.add(delta('Hel'));
    const first = JSON.parse(taken(frames).slice(0, -1)) as unknown;
    frames.add(delta('l'));
    frames.add(delta('o', 'stop'));
    const last = JSON.parse(taken(frames).slice(0, -1)) as unknown;

    assert.deepEqual(first, { text: 'Hel', error_code: 0, usage: {}, finish_reason: null });
    assert.deepEqual(last, {
      text: 'lo',
      error_code: 0,
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
      finish_reason: 'stop',
    });
  });

  it('stays as it is while it is on its way, whatever follows', () => {
    const frames = createFrames(
      { mode: 'cumulative', framing: 'nul' },
      { mostPatienceMs: 50, isChunked: false },
    );
    frames.add(delta('Hel'));
    const first = frames.take(true);
    const before = first.toString('latin1');
    frames.add(delta('lo'));
    const meanwhile = first.toString('latin1');
    frames.add(delta('!', 'stop'));
    const last = frames.take(false).toString('latin1');

    assert.equal(meanwhile, before);
    assert.equal(first.toString('latin1'), before);
    assert.match(last, /"text":"Hello!"/);
  });

  it('grows to any length', () => {
    const frames = createFrames(
      { mode: 'cumulative', framing: 'sse' },
      { mostPatienceMs: 50, isChunked: false },
    );
    let text = '';
    for (let i = 0; i < 300; i += 1) {
      const piece = `${i} 世🙂"`.repeat(i);
      text += piece;
      frames.add(delta(piece));
      const { text: told } = JSON.parse(taken(frames).slice('data: '.length)) as { text: string };
      assert.equal(told, text);
    }
  });

  it('is an event where events are asked for, and a text cannot end it early', () => {
    const frame = take({ mode: 'delta', framing: 'sse' }, 'a\n\ndata: b\r\r');

    assert.match(frame, /^data: \{[^\n\r]*\}\n\n$/);
  });

  it('of an error says that nothing finished', () => {
    const frames = createFrames(
      { mode: 'cumulative', framing: 'nul' },
      { mostPatienceMs: 50, isChunked: false },
    );
    frames.add(delta('so far'));
    const body = {
      error: { message: 'it died', type: 'server_error', code: 'engine_failed', param: null },
      error_code: 50001,
      error_message: 'it died',
    };
    const parsed = JSON.parse(frames.error(body).slice(0, -1)) as Record<string, unknown>;

    assert.equal(parsed['text'], 'it died');
    assert.equal(parsed['error_code'], 50001);
    assert.equal(parsed['finish_reason'], null);
  });
});

describe('a frame that is a chunk', () => {
  for (const mode of ['cumulative', 'delta'] as const) {
    it(`has its size before it and its line's end behind it, ${mode}`, () => {
      const form = { mode, framing: 'nul' } as const;
      const [bare, chunked] = [false, true].map((isChunked) => {
        const frames = createFrames(form, { mostPatienceMs: 50, isChunked });
        return [1, 10, 300, 5_000].map((length) => {
          frames.add(delta('x'.repeat(length)));
          return taken(frames);
        });
      });

      const marked = bare?.map((frame) => `${frame.length.toString(16)}\r\n${frame}\r\n`);
      assert.deepEqual(chunked, marked);
    });
  }

  it('is so as a sign of life and as an error too, and the body has an end', () => {
    const frames = createFrames(
      { mode: 'cumulative', framing: 'nul' },
      { mostPatienceMs: 50, isChunked: true },
    );

    assert.equal(frames.keepAlive, '1\r\n\0\r\n');
    assert.equal(frames.end, '0\r\n\r\n');
  });
});

describe('patience', () => {
  it('grows with the text up to 50 ms, and there is none in delta mode', () => {
    const frames = createFrames(
      { mode: 'cumulative', framing: 'nul' },
      { mostPatienceMs: 50, isChunked: false },
    );
    const patience = [0, 400, 600, 2_000, 100_000].map((characters) => {
      frames.add(delta('x'.repeat(characters)));
      return frames.patienceMs;
    });
    const at = createFrames(
      { mode: 'delta', framing: 'nul' },
      { mostPatienceMs: 50, isChunked: false },
    );
    at.add(delta('x'.repeat(100_000)));

    assert.deepEqual(patience, [0, 30, 50, 50, 50]);
    assert.equal(at.patienceMs, 0);
  });

  it('is no longer than the service says', () => {
    const patience = [0, 20].map((mostMs) => {
      const frames = createFrames(
        { mode: 'cumulative', framing: 'nul' },
        { mostPatienceMs: mostMs, isChunked: false },
      );
      frames.add(delta('x'.repeat(2_000)));
      return frames.patienceMs;
    });

    assert.deepEqual(patience, [0, 20]);
  });
});
