import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { ask, oneService, startWorker, toFrames, until } from '../worker-harness.ts';
import { withoutEndToken } from './end-token.ts';
import { assertAsRecorded, assertShowsOnly, prefixed } from './recorded.ts';
import { readRecorded, samplingFields } from './recorded.ts';
import type { Difference, Fields } from './recorded.ts';
import { startScriptedEngine } from './scripted-engine.ts';
import type { ScriptedEngine } from './scripted-engine.ts';

type Scenario = {
  readonly scenario: string;
  readonly engine_cumulative_texts: readonly string[];
  readonly engine_finish_reason: string;
  readonly request: Fields;
  readonly client_gone_before_output_index: number | null;
  readonly frames: readonly (Fields & { readonly text: string })[];
  readonly sampling_params: Fields;
};

/** In every frame of FastChat's. */
const NO_LOGPROB = 'cumulative_logprob: a sum over tokens that no client of the API reads';

const usage = (prompt: number, completion: number): Fields => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});

const HELD_AT_THE_END =
  'FastChat holds back what begins like a stop string, or like the end token, also when no more comes: text and reason are lost';
const flushed = (text: string, tokens: number, reason: string): Difference => ({
  why: HELD_AT_THE_END,
  ours: {
    'last.text': text,
    'last.usage': usage(2, tokens),
    'last.finish_reason': reason,
  },
});

/** What a scenario's last frame and its engine's parameters have otherwise. */
const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  final_frame_ends_with_partial_stop: [flushed('a\n', 2, 'length')],
  single_output_partial_stop_only: [
    flushed('\n', 1, 'length'),
    { why: 'FastChat sends no frame at all', ours: { 'last.error_code': 0 } },
  ],
  final_text_ends_lt: [flushed('1 <', 2, 'stop')],
  stop_list_and_token_ids: [
    {
      why: 'the text of a stop token in the answer is no stop token: its id stops the engine',
      ours: { 'engine.stop': ['X', 'Y'] },
    },
  ],
  all_params: [
    {
      why: 'engines no longer have best_of and beam search',
      ours: { 'engine.best_of': undefined, 'engine.use_beam_search': undefined },
    },
    { why: 'FastChat drops it', ours: { 'engine.repetition_penalty': 1.2 } },
  ],
};

/** Texts that we show and FastChat does not, in their place among the recorded ones. */
const ALSO_SHOWN: Readonly<Record<string, { readonly why: string; readonly texts: string[] }>> = {
  final_frame_ends_with_partial_stop: { why: HELD_AT_THE_END, texts: ['a', 'a\n'] },
  single_output_partial_stop_only: { why: HELD_AT_THE_END, texts: ['\n'] },
  final_text_ends_lt: { why: HELD_AT_THE_END, texts: ['1', '1 <'] },
  eos_text_partial_lt: {
    why: 'the text of the end token is no stop string, so nothing begins like it',
    texts: ['1 <', '1 < 2'],
  },
  newline_every_token_stop_has_newline: {
    why: 'only what begins like the stop string is held back, not the text before it',
    texts: ['x', 'x\ny', 'x\ny\nz'],
  },
};

const scenarios = readRecorded('fastchat-vllm-frames') as readonly Scenario[];

async function serve(t: TestContext): Promise<{ engine: ScriptedEngine; url: string }> {
  const engine = await startScriptedEngine(t, { model: 'm' });
  const { url } = await startWorker(t, oneService('m', engine.url));
  return { engine, url };
}

describe('FastChat’s recorded streams', () => {
  it('are 21, and every difference is one of theirs', () => {
    const names = scenarios.map(({ scenario }) => scenario);

    assert.equal(names.length, 21);
    for (const name of [...Object.keys(DIFFERENCES), ...Object.keys(ALSO_SHOWN)])
      assert.ok(names.includes(name), name);
  });

  for (const recorded of scenarios.filter((each) => each.client_gone_before_output_index === null))
    it(`are ours in text, usage, reason and sampling: ${recorded.scenario}`, async (t) => {
      const { engine, url } = await serve(t);
      const { scenario, request, sampling_params: sampling } = recorded;
      engine.play({
        texts: recorded.engine_cumulative_texts,
        finishReason: recorded.engine_finish_reason,
      });

      const reply = await ask(`${url}/worker_generate_stream`, { body: request });
      const whole = await ask(`${url}/worker_generate`, { body: request });
      const parts = await ask(`${url}/worker_generate_stream`, {
        body: { ...request, stream_mode: 'delta' },
      });

      assert.equal(reply.status, 200, reply.text);
      const frames = toFrames(reply);
      const texts = recorded.frames.map(({ text }) => text);
      const also = ALSO_SHOWN[scenario];
      if (also !== undefined)
        assert.ok(
          also.texts.some((text) => !texts.includes(text)),
          'shown too: strike it out',
        );
      assertShowsOnly(
        frames.map(({ text }) => text),
        also?.texts ?? texts,
      );
      assert.deepEqual(
        frames.filter((frame) => frame.finish_reason !== null),
        frames.slice(-1),
        'the reason comes once, in the last frame',
      );
      assert.deepEqual(whole.json, frames.at(-1));
      const joined = toFrames(parts).map(({ text }) => text);
      assert.equal(joined.join(''), frames.at(-1)?.text);
      assertAsRecorded(
        { ...prefixed('last.', frames.at(-1) ?? {}), ...samplingFields(engine.asked ?? {}) },
        {
          ...prefixed('last.', withoutLogprob(recorded.frames.at(-1) ?? {})),
          ...samplingFields(withoutEndToken(sampling)),
        },
        DIFFERENCES[scenario] ?? [],
      );
    });

  it('end at the engine when their client leaves, and nobody is told "abort"', async (t) => {
    const { engine, url } = await serve(t);
    const left = scenarios.find((each) => each.client_gone_before_output_index !== null);
    assert.equal(left?.frames.at(-1)?.['finish_reason'], 'abort');
    engine.play({
      texts: left.engine_cumulative_texts,
      finishReason: left.engine_finish_reason,
      stallAfter: left.client_gone_before_output_index ?? 0,
    });

    const reply = await ask(`${url}/worker_generate_stream`, {
      body: left.request,
      onData: (_, leave) => leave(),
    });

    await until('the engine sees it', () => engine.aborted === 1);
    const frames = reply.text.split('\0').slice(0, -1);
    for (const frame of frames)
      assert.equal((JSON.parse(frame) as Fields)['finish_reason'], null, frame);
  });
});

function withoutLogprob({ cumulative_logprob: logprob, ...frame }: Fields): Fields {
  assert.ok(Object.keys(frame).length === 0 || logprob !== undefined, NO_LOGPROB);
  return frame;
}
