/** The property of the whole token path, without sockets: how an engine's bytes are cut, and how they are asked for, changes no text. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AnswerReader } from '../../../src/engines/stream/answer-reader.ts';
import type { DeltaSink } from '../../../src/engines/engine.ts';
import { AnswerTap } from '../../../src/worker/answer/answer-tap.ts';
import { CollectedReply } from '../../../src/worker/replies/collect-reply.ts';
import { createFrames } from '../../../src/worker/replies/frames.ts';
import type { FrameForm } from '../../../src/worker/replies/frames.ts';
import { RequestTrace } from '../../../src/worker/answer/request-trace.ts';

type Case = {
  /** What the engine says, one event for each. */
  readonly texts: readonly string[];
  readonly finish: 'stop' | 'length';
  readonly stop: readonly string[];
  readonly echo: string;
  /** How the engine writes its events. */
  readonly dialect: (typeof DIALECTS)[number];
  readonly isAsciiJson: boolean;
  /** Where the bytes are cut, as parts of a million of their length; several streams are cut differently. */
  readonly cuts: readonly (readonly number[])[];
  /** After which deltas a frame is taken: the others wait. */
  readonly taken: readonly boolean[];
};

const DIALECTS = ['vllm', 'vllm-chat', 'llama.cpp', 'plain'] as const;

/** Letters that stop strings are made of, characters of one to four bytes, what JSON escapes, and what looks like our own wire. */
const unit = fc.oneof(
  fc.constantFrom('a', 'b', '#', '\n', '</s>', 'User', '\0', '"', '\\', '\u2028', '"text":"'),
  fc.constantFrom('é', '世', '🙂', '👩‍👩‍👧', '\ufffd', '\x7f', 'data: ', '[DONE]', '\r\n\r\n'),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
);
const text = fc.array(unit, { maxLength: 5 }).map((units) => units.join(''));

const anyCase: fc.Arbitrary<Case> = fc.record({
  texts: fc.array(text, { maxLength: 12 }),
  finish: fc.constantFrom('stop', 'length'),
  stop: fc.array(
    fc.array(unit, { minLength: 1, maxLength: 2 }).map((units) => units.join('')),
    {
      maxLength: 3,
    },
  ),
  echo: fc.oneof(fc.constant(''), text),
  dialect: fc.constantFrom(...DIALECTS),
  isAsciiJson: fc.boolean(),
  cuts: fc.array(fc.array(fc.nat(1_000_000), { maxLength: 20 }), { minLength: 3, maxLength: 3 }),
  taken: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
});

/** Throws where a case shows a difference. */
export function holdForAnySplit(runs: number): void {
  fc.assert(fc.property(anyCase, holds), { numRuns: runs });
}

function holds(given: Case): void {
  const bytes = Buffer.from(toEvents(given));
  const [atOnce = [], cut = [], other = []] = given.cuts;
  const whole = new CollectedReply();
  read(bytes, atOnce, given, whole);
  const expected = whole.toReply();

  assert.equal(expected.text, given.echo + cutAtStop(given.stop, given.texts.join('')));
  for (const form of FORMS) {
    for (const cuts of [cut, other]) {
      const client = new Client(form, given.taken);
      read(bytes, cuts, given, client);
      assert.deepEqual(client.toReply(), expected);
    }
  }
}

const FORMS: readonly FrameForm[] = (['cumulative', 'delta'] as const).flatMap((mode) =>
  (['nul', 'sse'] as const).map((framing) => ({ mode, framing })),
);

function read(bytes: Buffer, cuts: readonly number[], given: Case, sink: DeltaSink): void {
  const { stop, echo } = given;
  const tap = new AnswerTap({ sink, echo, stop, trace: new RequestTrace() });
  const reader = new AnswerReader();
  const edges = cuts.map((part) => Math.floor((part / 1_000_001) * bytes.length));
  const ends = [...edges.sort((a, b) => a - b), bytes.length];
  let from = 0;
  for (const end of ends) {
    const delta = reader.read(bytes.subarray(from, end));
    from = end;
    if (delta === null) continue;
    if (!tap.push(delta) || delta.finishReason !== null) return;
  }
  assert.fail('the answer has no end');
}

/** A reader of our frames as the documentation's clients are: it splits, parses, and takes the text as the mode says. */
class Client implements DeltaSink {
  readonly #form: FrameForm;
  readonly #frames: ReturnType<typeof createFrames>;
  readonly #taken: readonly boolean[];
  #deltas = 0;
  #wire = '';

  constructor(form: FrameForm, taken: readonly boolean[]) {
    this.#form = form;
    this.#frames = createFrames(form, { mostPatienceMs: 50, isChunked: false });
    this.#taken = taken;
  }

  begin(): void {
    // nothing to hold back
  }

  push(delta: Parameters<DeltaSink['push']>[0]): boolean {
    this.#frames.add(delta);
    const isTaken = this.#taken[this.#deltas % this.#taken.length] === true;
    this.#deltas += 1;
    if (isTaken || delta.finishReason !== null)
      this.#wire += this.#frames.take(true).toString('latin1') + this.#frames.keepAlive;
    return true;
  }

  toReply(): unknown {
    assert.match(this.#wire, /^[\0\n -~]*$/, 'the wire has bytes beyond ASCII');
    const { framing, mode } = this.#form;
    const parts = framing === 'nul' ? this.#wire.split('\0') : this.#wire.split('\n\n');
    const frames = parts
      .filter((part) => part !== '' && !part.startsWith(':'))
      .map((part) => JSON.parse(framing === 'nul' ? part : part.slice('data: '.length)) as Frame);
    const last = frames.at(-1);
    if (last === undefined) return null;
    frames.slice(0, -1).forEach((frame) => assert.equal(frame.finish_reason, null));
    return mode === 'delta' ? { ...last, text: frames.map((frame) => frame.text).join('') } : last;
  }
}

type Frame = { readonly text: string; readonly finish_reason: string | null };

/** The rule of `stop-filter.ts`, over the whole text. */
function cutAtStop(stop: readonly string[], whole: string): string {
  for (let end = 1; end <= whole.length; end += 1) {
    const complete = stop.filter((one) => one !== '' && whole.slice(0, end).endsWith(one));
    if (complete.length > 0)
      return whole.slice(0, end - Math.max(...complete.map((one) => one.length)));
  }
  return whole;
}

function toEvents({ texts, finish, dialect, isAsciiJson }: Case): string {
  const usage = { prompt_tokens: 3, total_tokens: 5, completion_tokens: 2 };
  const event = (piece: string, reason: string | null): object => {
    const rest = { logprobs: null, finish_reason: reason, stop_reason: null };
    switch (dialect) {
      case 'vllm':
        return { id: 'cmpl-1', choices: [{ index: 0, text: piece, ...rest }], usage };
      case 'vllm-chat':
        return { id: 'chat-1', choices: [{ index: 0, delta: { content: piece }, ...rest }], usage };
      case 'llama.cpp':
        return {
          choices: [{ text: piece, index: 0, logprobs: null, finish_reason: reason }],
          timings: { prompt_n: 1, cache_n: 2, predicted_n: 2 },
        };
      case 'plain':
        return { choices: [{ finish_reason: reason, text: piece }], usage };
    }
  };
  const events = [...texts.map((piece) => event(piece, null)), event('', finish)];
  const data = events.map((each) => (isAsciiJson ? asciiJson(each) : JSON.stringify(each)));
  return [...data, '[DONE]'].map((each) => `data: ${each}\n\n`).join('');
}

/** As servers in Python write it. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
