import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chatBody, completionBody } from '../documented-requests.ts';
import { ask, oneService, startEngine, startWorker, toFrames, until } from './worker-harness.ts';

const CHAT = chatBody('Llama-2-7b-chat');
const COMPLETION = completionBody('Llama-2-7b-chat');

const CHAT_PROMPT =
  '[INST] <<SYS>>\nThe following is a friendly conversation between a human and an AI.\n<</SYS>>\n\n' +
  'Hellow! [/INST] Hey! How can I help you today? </s><s>[INST] Tell me a short funny joke. [/INST]';

describe('the worker API', () => {
  it('answers the documentation’s chat and completion with text, usage and reason', async (t) => {
    const engine = await startEngine(t, { model: 'Llama-2-7b-chat', answerTokens: 12 });
    const worker = await startWorker(t, oneService('Llama-2-7b-chat', engine.url));

    for (const body of [CHAT, COMPLETION]) {
      const { status, json } = await ask(`${worker.url}/worker_generate`, { body });

      assert.equal(status, 200);
      assert.equal(json['error_code'], 0);
      assert.notEqual(json['text'], '');
      assert.equal(json['finish_reason'], 'stop');
      const usage = json['usage'] as Record<string, number>;
      assert.equal(usage['completion_tokens'], 12);
      assert.equal(usage['total_tokens'], usage['prompt_tokens']! + 12);
    }
  });

  it('streams frames of which each begins with the one before, and the last equals the whole answer', async (t) => {
    const engine = await startEngine(t, { answerTokens: 40, itlMs: 2 });
    const worker = await startWorker(t, oneService('Llama-2-7b-chat', engine.url));

    const reply = await ask(`${worker.url}/api/worker_generate_stream`, { body: CHAT });
    const whole = await ask(`${worker.url}/api/worker_generate`, { body: CHAT });

    const frames = toFrames(reply);
    assert.ok(frames.length > 5, `${frames.length} frames`);
    frames.reduce((before, frame) => {
      assert.ok(frame.text.startsWith(before));
      assert.equal(frame.error_code, 0);
      assert.ok(frame.usage['prompt_tokens']! > 0);
      return frame.text;
    }, '');
    assert.deepEqual(frames.at(-1), whole.json);
    assert.deepEqual(
      frames.slice(0, -1).map((frame) => frame.finish_reason),
      frames.slice(1).map(() => null),
    );
  });

  it('writes frames in ASCII with a NUL after each, and names no content type', async (t) => {
    const engine = await startEngine(t, { answerTokens: 80 });
    const worker = await startWorker(t, oneService('Llama-2-7b-chat', engine.url));

    const reply = await ask(`${worker.url}/worker_generate_stream`, {
      body: { ...COMPLETION, echo: true, prompt: 'Grüße 世界 👩‍👩‍👧' },
    });

    assert.ok(reply.bytes.every((byte) => byte < 0x80));
    assert.equal(reply.bytes.at(-1), 0);
    assert.equal(reply.headers['content-type'], undefined);
    assert.ok(toFrames(reply)[0]?.text.startsWith('Grüße 世界 👩‍👩‍👧'));
  });

  it('renders the conversation with the service’s template, as echo shows', async (t) => {
    const engine = await startEngine(t, { answerTokens: 3 });
    const worker = await startWorker(t, oneService('Llama-2-7b-chat', engine.url));

    const chat = await ask(`${worker.url}/worker_generate`, { body: { ...CHAT, echo: true } });
    const quiet = await ask(`${worker.url}/worker_generate`, { body: CHAT });

    assert.equal(chat.json['text'], CHAT_PROMPT + String(quiet.json['text']));
  });

  it('echoes unless it is told not to, as the protocol has it', async (t) => {
    const engine = await startEngine(t, { answerTokens: 3 });
    const worker = await startWorker(t, oneService('m', engine.url));

    const { json } = await ask(`${worker.url}/worker_generate`, { body: { prompt: 'Once upon' } });

    assert.match(String(json['text']), /^Once upon/);
  });

  it('lets the engine render the conversation where there is no template', async (t) => {
    const engine = await startEngine(t, { answerTokens: 5 });
    const worker = await startWorker(t, oneService('m', engine.url, { template: null }));
    const body = { messages: [{ role: 'user', text: 'Hi' }] };

    const answer = await ask(`${worker.url}/worker_generate`, { body });
    const echo = await ask(`${worker.url}/worker_generate`, { body: { ...body, echo: true } });

    assert.equal(answer.status, 200);
    assert.notEqual(answer.json['text'], '');
    assert.equal(echo.status, 400);
    assert.equal((echo.json['error'] as Record<string, unknown>)['param'], 'echo');
  });

  it('ends at the client’s stop strings and at the template’s, whole and streamed alike', async (t) => {
    const engine = await startEngine(t, { answerTokens: 60 });
    const worker = await startWorker(t, oneService('m', engine.url));
    const body = { prompt: 'Hello', echo: false };
    const full = await ask(`${worker.url}/worker_generate`, { body });
    const stop = String(full.json['text']).slice(20, 23);

    const whole = await ask(`${worker.url}/worker_generate`, { body: { ...body, stop } });
    const streamed = await ask(`${worker.url}/worker_generate_stream`, {
      body: { ...body, stop: [stop] },
    });

    const expected = String(full.json['text']).split(stop)[0];
    assert.equal(whole.json['text'], expected);
    assert.equal(toFrames(streamed).at(-1)?.text, expected);
    assert.equal(whole.json['finish_reason'], 'stop');
  });

  it('stops at max_new_tokens with the reason length', async (t) => {
    const engine = await startEngine(t, { answerTokens: 60 });
    const worker = await startWorker(t, oneService('m', engine.url));

    const { json } = await ask(`${worker.url}/worker_generate`, {
      body: { prompt: 'Hello', echo: false, max_new_tokens: 7 },
    });

    assert.equal(json['finish_reason'], 'length');
    assert.equal((json['usage'] as Record<string, number>)['completion_tokens'], 7);
  });

  it('tells status, template, context length and token counts, by both projects’ names and verbs', async (t) => {
    const engine = await startEngine(t, { contextLength: 777 });
    const worker = await startWorker(t, oneService('m', engine.url));
    await until('ready', async () => (await ask(`${worker.url}/ready`)).status === 200);

    for (const method of ['GET', 'POST']) {
      const status = await ask(`${worker.url}/worker_status`, { method });
      assert.deepEqual(status.json, {
        model_names: ['m'],
        speed: 1,
        queue_length: 0,
        state: 'ready',
      });
      assert.deepEqual(
        (await ask(`${worker.url}/worker_get_status`, { method })).json,
        status.json,
      );
      const details = await ask(`${worker.url}/model_details`, { method });
      assert.deepEqual(details.json, { context_length: 777 });
    }
    const styleAt = async (path: string): Promise<unknown> =>
      ((await ask(worker.url + path)).json['conv'] as Record<string, unknown>)['sep_style'];
    assert.equal(await styleAt('/api/worker_conv_template'), 2);
    assert.equal(await styleAt('/worker_get_conv_template'), 7);
    const { json } = await ask(`${worker.url}/count_token`, { body: { prompt: 'a b c' } });
    assert.equal(json['error_code'], 0);
    assert.ok(Number(json['count']) >= 4, 'three words and the beginning of the sequence');
  });

  it('tells the template of a version that gets requests', async (t) => {
    const engine = await startEngine(t);
    const [old] = oneService('m', engine.url, { template: 'llama-2' }).services;
    const [fresh] = oneService('m', engine.url, { template: 'vicuna_v1.1' }).services;
    const versions = [
      { ...old!.versions[0]!, name: 'old', weight: 0 },
      { ...fresh!.versions[0]!, name: 'new', weight: 1 },
    ];
    const worker = await startWorker(t, { role: 'worker', services: [{ name: 'm', versions }] });

    const { json } = await ask(`${worker.url}/worker_conv_template`);

    assert.equal((json['conv'] as { name: string }).name, 'vicuna_v1.1');
  });

  it('reads a body as JSON whatever its content type says', async (t) => {
    const engine = await startEngine(t, { answerTokens: 2 });
    const worker = await startWorker(t, oneService('m', engine.url));

    for (const type of ['application/x-www-form-urlencoded', 'json', '']) {
      const reply = await ask(`${worker.url}/worker_generate`, {
        raw: '{"prompt":"a"}',
        headers: { 'content-type': type },
      });

      assert.equal(reply.status, 200, `${type}: ${reply.text}`);
    }
  });

  it('reads a body that begins with a byte order mark, as Python does', async (t) => {
    const engine = await startEngine(t, { answerTokens: 2 });
    const worker = await startWorker(t, oneService('m', engine.url));

    const reply = await ask(`${worker.url}/worker_generate`, { raw: '\uFEFF{"prompt":"a"}' });

    assert.equal(reply.status, 200, reply.text);
  });
});
