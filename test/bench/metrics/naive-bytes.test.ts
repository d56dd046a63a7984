import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { naiveBytes } from '../../../bench/metrics/wire/naive-bytes.ts';
import { parseTokens } from '../../../bench/metrics/wire/read-tokens.ts';

const TOKENS = [' A', ' "quoted"', ' line\nend', ' \\', ' é', ' 世界', ' 🙂', '\u007f', ' end'];

/** Every frame, and the chunked encoding as HTTP/1.1 has it around each. */
function writtenOut(tokens: readonly string[], promptTokens: number): number {
  const chunks = tokens.map((_, at) => {
    const text = tokens.slice(0, at + 1).join('');
    const completion_tokens = at + 1;
    const total_tokens = promptTokens + completion_tokens;
    const usage = { prompt_tokens: promptTokens, completion_tokens, total_tokens };
    const finish_reason = completion_tokens === tokens.length ? 'stop' : null;
    const json = toAscii(JSON.stringify({ text, error_code: 0, usage, finish_reason }));
    const frame = Buffer.from(`${json}\0`);
    return `${frame.length.toString(16)}\r\n${frame.toString()}\r\n`;
  });
  return Buffer.byteLength(`${chunks.join('')}0\r\n\r\n`);
}

function toAscii(json: string): string {
  return Array.from(json, (character) =>
    /[\u007f-\uffff]/.test(character) ? escapesOf(character) : character,
  ).join('');
}

/** Two of them beyond the Basic Multilingual Plane. */
function escapesOf(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

describe('the naive bytes of an answer', () => {
  it('are those of a frame for each token, written out', () => {
    assert.equal(naiveBytes({ tokens: TOKENS, promptTokens: 9 }), writtenOut(TOKENS, 9));
  });

  it('are so for a long answer, too, whose counts and lengths have more digits', () => {
    const tokens = Array.from({ length: 1_200 }, (_, at) => TOKENS[at % TOKENS.length] ?? '');
    assert.equal(naiveBytes({ tokens, promptTokens: 40 }), writtenOut(tokens, 40));
  });
});

describe('the tokens of an engine’s stream', () => {
  it('are its texts, without the opening, the counts and the end', () => {
    const events = [
      { choices: [{ delta: { role: 'assistant', content: '' } }], usage: null },
      { choices: [{ delta: { content: 'One' } }], usage: { prompt_tokens: 7 } },
      { choices: [{ delta: { content: ' two' }, finish_reason: 'stop' }] },
      { choices: [], usage: { prompt_tokens: 7 } },
    ];
    const stream = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    assert.deepEqual(parseTokens(`${stream}data: [DONE]\n\n`), {
      tokens: ['One', ' two'],
      promptTokens: 7,
    });
  });
});
