import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { parseGenerateRequest } from '../../../src/worker/answer/generate-request.ts';
import { ask, oneService, startWorker, toFrames, until } from '../worker-harness.ts';
import type { HttpReply } from '../worker-harness.ts';
import { readRecorded } from './recorded.ts';
import type { Fields } from './recorded.ts';
import { startScriptedEngine } from './scripted-engine.ts';
import type { Script, ScriptedEngine } from './scripted-engine.ts';

type Recorded = {
  readonly side: 'to_controller' | 'to_worker';
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

const requests = (readRecorded('fastchat-wire-requests') as readonly Recorded[]).filter(
  ({ side }) => side === 'to_worker',
);
const GENERATE = ['/worker_generate', '/worker_generate_stream'];
const generations = requests.filter(({ path }) => GENERATE.includes(path));

const ANSWER: Script = { texts: ['He', 'Hey', 'Hey!'], finishReason: 'stop' };

async function serve(
  t: TestContext,
  script = ANSWER,
): Promise<{ engine: ScriptedEngine; url: string }> {
  const engine = await startScriptedEngine(t, { model: 'ok' });
  engine.play(script);
  // Not the name that the recorded requests have as their `model`.
  const config = oneService('vicuna-7b', engine.url, { template: 'vicuna_v1.1' });
  const { url } = await startWorker(t, config);
  await until('ready', async () => (await ask(`${url}/ready`)).status === 200);
  return { engine, url };
}

function send(url: string, { method, path, headers, body }: Recorded): Promise<HttpReply> {
  return ask(url + path, { method, headers, ...(body !== '' && { raw: body }) });
}

/** All replies of a generate path as FastChat's server reads them: frames, or one object. */
function repliesOf(reply: HttpReply): readonly Fields[] {
  return reply.bytes.at(-1) === 0 ? toFrames(reply) : [reply.json];
}

/** What FastChat's server cannot do without, or answers 500, or breaks its own stream. */
function assertReadable(reply: HttpReply): void {
  assert.equal(reply.headers['content-encoding'], undefined, 'it reads the bytes as they are');
  for (const frame of repliesOf(reply)) {
    assert.equal(typeof frame['text'], 'string', reply.text);
    assert.equal(typeof frame['error_code'], 'number', reply.text);
    assert.ok([null, 'stop', 'length', undefined].includes(frame['finish_reason'] as null));
    if (frame['error_code'] !== 0) continue;
    // An empty one is fine, and so is one of numbers; null, in it or for it, is not.
    const counts = Object.values(frame['usage'] as Fields);
    assert.ok(counts.every((count) => typeof count === 'number'));
  }
}

describe('the requests that FastChat’s server sends to a worker', () => {
  it('are answered each in the form that it reads', async (t) => {
    const { url } = await serve(t);
    const replies = await Promise.all(
      requests.map(async (request) => [request.path, await send(url, request)] as const),
    );

    assert.equal(replies.length, 8);
    for (const [path, reply] of replies) {
      assert.equal(reply.status, 200, `${path}: ${reply.text}`);
      if (GENERATE.includes(path)) assertReadable(reply);
      else
        assert.deepEqual(
          Object.keys((reply.json['conv'] as Fields | undefined) ?? reply.json),
          FIELDS[path],
        );
    }
  });

  it('reach the engine as they are meant', async (t) => {
    const { engine, url } = await serve(t);

    for (const request of generations) {
      const reply = await send(url, request);

      const asked = JSON.parse(request.body) as Fields;
      assert.equal(repliesOf(reply).at(-1)?.['text'], 'Hey!');
      const { prompt, max_tokens: tokens, temperature, model } = engine.asked ?? {};
      assert.equal(prompt, asked['prompt']);
      assert.equal(tokens, asked['max_new_tokens']);
      assert.equal(temperature, asked['temperature']);
      assert.equal(model, 'ok', 'the engine’s own name for its model');
    }
  });

  it('are taken with what else it may send', () => {
    for (const extra of [
      { best_of: 2, use_beam_search: true, logprobs: 3, repetition_penalty: 1.1 },
      { top_k: -1.0, stop: null, stop_token_ids: [2], images: [] },
      { stop: '</s>', spec: true, judge_sent_end: true, n: 4, request_id: 'x' },
    ]) {
      const { body } = generations[0] ?? assert.fail('there is none');
      parseGenerateRequest({ ...(JSON.parse(body) as Fields), ...extra });
    }
  });
});

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  '/worker_get_status': ['model_names', 'speed', 'queue_length', 'state'],
  '/worker_get_conv_template': [
    ...['name', 'system_template', 'system_message', 'system_message_vision', 'roles'],
    ...['messages', 'offset', 'sep_style', 'sep', 'sep2', 'stop_str', 'stop_token_ids'],
    'max_image_size_mb',
  ],
  '/model_details': ['context_length'],
  '/count_token': ['count', 'error_code'],
};

const FAILURES: readonly (readonly [what: string, script: Script, number: number])[] = [
  [
    'a context that is too short',
    refusal(400, 'This model’s maximum context length is 4096 tokens'),
    40303,
  ],
  ['any other refusal of the request', refusal(400, 'top_k must be an integer'), 40001],
  ['too much to do', refusal(429, 'the queue is full'), 42903],
  ['an error of its own', refusal(500, 'CUDA error'), 50001],
  ['a model that still loads', refusal(503, 'Loading model'), 50005],
  ['an error in mid-stream', { ...ANSWER, failure: 'error event' }, 50001],
  ['a connection that breaks', { ...ANSWER, failure: 'connection cut' }, 50001],
  ['a stream that just ends', { ...ANSWER, failure: 'silent end' }, 50001],
  ['an answer that it gave up', { ...ANSWER, finishReason: 'abort' }, 50001],
];

function refusal(status: number, message: string): Script {
  return { ...ANSWER, refusal: { status, message } };
}

describe('what an engine reports for a request of FastChat’s server', () => {
  for (const [what, script, number] of FAILURES)
    it(`is told with status 200, a text and a number: ${what}`, async (t) => {
      const { url } = await serve(t, script);

      for (const request of generations) {
        const reply = await send(url, request);

        assert.equal(reply.status, 200, reply.text);
        assertReadable(reply);
        const last = repliesOf(reply).at(-1);
        assert.equal(last?.['error_code'], number, reply.text);
        assert.notEqual(last['text'], '');
        assert.ok(!repliesOf(reply).some((frame) => typeof frame['finish_reason'] === 'string'));
      }
    });

  it('is told with its true status below /api', async (t) => {
    const { url } = await serve(t, refusal(429, 'the queue is full'));

    for (const request of generations) {
      const reply = await send(`${url}/api`, request);

      assert.equal(reply.status, 429, reply.text);
      assert.equal(reply.json['error_code'], 42903);
    }
  });
});

describe('what FastChat’s server lets through and no engine takes', () => {
  const [first] = generations;
  const asked = JSON.parse(first?.body ?? '{}') as Fields;

  it('is told with status 200: numbers out of range, and pictures', async (t) => {
    const { url } = await serve(t);

    for (const extra of [{ presence_penalty: 5 }, { repetition_penalty: 0 }, { images: ['x'] }])
      for (const path of GENERATE) {
        const reply = await ask(url + path, { body: { ...asked, ...extra } });

        assert.equal(reply.status, 200, reply.text);
        assertReadable(reply);
        assert.equal(repliesOf(reply).at(-1)?.['error_code'], 40302);
        assert.match(String(repliesOf(reply).at(-1)?.['text']), new RegExp(Object.keys(extra)[0]!));
      }
  });

  it('and what only people send has its true status', async (t) => {
    const { url } = await serve(t);

    for (const path of GENERATE)
      for (const raw of ['{"prompt":', '[]', '{}', '{"prompt":5}', '{"prompt":"x","echo":"no"}']) {
        const reply = await ask(url + path, { raw, method: 'POST' });
        assert.equal(reply.status, 400, raw);
        assert.equal(reply.json['error_code'], 40001, raw);
      }
  });
});
