/** FastChat's controller and its OpenAI server in front of our worker, for the `openai` client. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import type { WorkerConfigInput } from '../../src/config/worker-config.ts';
import { serveEngine } from '../../src/engine-server/serve.ts';
import { named, until } from '../worker/worker-harness.ts';
import { findFastchat, startApiServer, startController } from './fastchat-servers.ts';
import type { Server } from './fastchat-servers.ts';
import { freePorts } from './free-ports.ts';
import { startWorkerProgram } from './worker-program.ts';
import type { WorkerProgram } from './worker-program.ts';

const MODEL = 'sim-7b-v1.5';
const SYSTEM = 'A curious café owner, 世界, is asked things.';
const USER = 'Tell me of the naïve reader 🙂 in Zürich.';
const MESSAGES = [
  { role: 'system', content: SYSTEM },
  { role: 'user', content: USER },
] as const;
const PROMPT = 'Once upon a time in Zürich';

const found = await findFastchat();
const skip = 'missing' in found ? found.missing : false;
const python = 'python' in found ? found.python : '';

describe('FastChat’s own servers', { skip, timeout: 5 * 60_000 }, () => {
  let directory = '';
  let engine: Awaited<ReturnType<typeof serveEngine>>;
  let controller: Server;
  let apiServer: Server;
  let worker: WorkerProgram;
  let client: OpenAI;

  const config = (workerUrl: string): WorkerConfigInput => ({
    role: 'worker',
    services: [
      {
        name: MODEL,
        controller: { url: controller.url, worker_address: workerUrl, heart_beat_ms: 1_000 },
        versions: [
          {
            template: named('vicuna_v1.1'),
            replicas: [{ id: 'engine-0', url: engine.url, engine: 'sim', model: null }],
          },
        ],
      },
    ],
  });
  const startWorker = async (): Promise<void> => {
    const [port] = await freePorts();
    worker = await startWorkerProgram(config(`http://127.0.0.1:${port}`), port);
  };
  const models = async (): Promise<readonly string[]> =>
    (await client.models.list()).data.map(({ id }) => id);
  const isListed = async (): Promise<boolean> => (await models()).includes(MODEL);
  /** What the worker itself says, below its own prefix. */
  const ask = async (body: object): Promise<string> => {
    const reply = await post(`${worker.url}/api/worker_generate`, body);
    return ((await reply.json()) as { text: string }).text;
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'llm-ops-fastchat-'));
    engine = await serveEngine({ port: 0, model: MODEL, ttftMs: 0, itlMs: 2, contextLength: 1024 });
    const [port, apiPort] = await freePorts();
    controller = await startController({ python, directory, port });
    const controllerUrl = controller.url;
    apiServer = await startApiServer({ python, directory, port: apiPort, controllerUrl });
    client = new OpenAI({ baseURL: `${apiServer.url}/v1`, apiKey: 'EMPTY', maxRetries: 0 });
    await startWorker();
    await until('the worker is listed', isListed);
  });

  after(async () => {
    // A setup that failed has made only some of them.
    await (worker as WorkerProgram | undefined)?.terminate();
    await (apiServer as Server | undefined)?.stop();
    await (controller as Server | undefined)?.stop();
    await (engine as typeof engine | undefined)?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('list the worker’s model', async () => {
    assert.deepEqual(await models(), [MODEL]);
  });

  it('answer a chat with the text that the worker itself gives', async () => {
    const expected = await askChat(ask);

    const reply = await client.chat.completions.create({
      ...{ model: MODEL, messages: [...MESSAGES], temperature: 0 },
    });

    const [choice] = reply.choices;
    assert.equal(choice?.message.content, expected);
    assert.equal(choice.finish_reason, 'stop');
    assert.ok((reply.usage?.completion_tokens ?? 0) > 10, JSON.stringify(reply.usage));
    assert.ok((reply.usage?.prompt_tokens ?? 0) > 10, JSON.stringify(reply.usage));
  });

  it('stream a chat, to the same text', async () => {
    const stream = await client.chat.completions.create({
      ...{ model: MODEL, messages: [...MESSAGES], temperature: 0, stream: true },
    });

    const parts: string[] = [];
    let finish: string | null = null;
    for await (const { choices } of stream) {
      parts.push(choices[0]?.delta.content ?? '');
      finish = choices[0]?.finish_reason ?? finish;
    }
    assert.equal(parts.join(''), await askChat(ask));
    assert.equal(finish, 'stop');
    assert.ok(parts.filter((part) => part !== '').length > 1, 'in several parts');
  });

  it('complete a prompt, to its limit and to its end', async () => {
    const options = { model: MODEL, prompt: PROMPT, temperature: 0 };
    const short = await client.completions.create({ ...options, max_tokens: 5 });
    const whole = await client.completions.create({ ...options, max_tokens: 500 });

    const body = { prompt: PROMPT, temperature: 0, echo: false };
    assert.equal(short.choices[0]?.text, await ask({ ...body, max_new_tokens: 5 }));
    assert.equal(short.choices[0].finish_reason, 'length');
    assert.equal(short.usage?.completion_tokens, 5);
    assert.equal(whole.choices[0]?.text, await ask({ ...body, max_new_tokens: 500 }));
    assert.equal(whole.choices[0].finish_reason, 'stop');
  });

  it('stream a completion, to the same text', async () => {
    const stream = await client.completions.create({
      ...{ model: MODEL, prompt: PROMPT, temperature: 0, max_tokens: 500, stream: true },
    });

    const parts: string[] = [];
    for await (const { choices } of stream) parts.push(choices[0]?.text ?? '');

    const body = { prompt: PROMPT, temperature: 0, echo: false, max_new_tokens: 500 };
    assert.equal(parts.join(''), await ask(body));
  });

  it('stop at a string, streamed or not, without a letter of it', async () => {
    const whole = await askChat(ask);
    const stop = whole.slice(20, 26);
    const expected = whole.slice(0, whole.indexOf(stop));
    const options = { model: MODEL, messages: [...MESSAGES], temperature: 0, stop };

    const reply = await client.chat.completions.create(options);
    const stream = await client.chat.completions.create({ ...options, stream: true });

    assert.equal(reply.choices[0]?.message.content, expected);
    const parts: string[] = [];
    for await (const { choices } of stream) parts.push(choices[0]?.delta.content ?? '');
    assert.equal(parts.join(''), expected);
  });

  it('tell of an engine that fails in FastChat’s words, streamed or not', async () => {
    const options = { model: MODEL, messages: [...MESSAGES], temperature: 0 };
    await post(`${engine.url}/sim/faults`, { die_at_token: 3 });

    const refused = await client.chat.completions.create(options).catch((error: unknown) => error);
    assert.ok(refused instanceof OpenAI.APIError, String(refused));
    assert.equal(refused.status, 400);
    assert.match(JSON.stringify(refused), /"code":"?5\d{4}/);
    // An engine that failed may be away for a moment.
    await until('the worker is listed again', isListed);

    // Not by the client, which throws what it finds in the stream: here it is the body that counts.
    const body = { ...options, stream: true };
    const streamed = await post(`${apiServer.url}/v1/chat/completions`, body);
    const text = await streamed.text();
    const error = text.split('\n\n').find((event) => event.includes('"error_code"'));
    assert.match(error ?? text, /^data: \{"text": ?".+"error_code": ?5\d{4}/s);
    assert.match(text, /data: \[DONE\]\s*$/);

    await post(`${engine.url}/sim/faults`, {});
    await until('the worker is listed again', isListed);
  });

  it('tell of a prompt that is too long', async () => {
    const prompt = 'word '.repeat(5_000);
    const refused = await client.completions
      .create({ model: MODEL, prompt, max_tokens: 5 })
      .catch((error: unknown) => error);

    assert.ok(refused instanceof OpenAI.APIError, String(refused));
    assert.equal(refused.status, 400);
    assert.match(refused.message, /maximum context length/);
  });

  it('are found again by the worker after a restart of the controller', async () => {
    const port = Number(new URL(controller.url).port);
    await controller.stop();

    controller = await startController({ python, directory, port });

    await until('the worker is listed again', isListed);
  });

  it('forget a worker that is told to end, and learn of the next one', async () => {
    assert.equal(await worker.terminate(), 0);
    const listed = await post(`${controller.url}/list_models`);
    assert.deepEqual(await listed.json(), { models: [] }, 'by its own goodbye');
    assert.deepEqual(await models(), []);

    await startWorker();

    await until('the new one is listed', isListed);
  });
});

/** As the documentation's clients do it: split at the NUL, parse, and take what is new by the length of what was there. */
describe('a client of the worker API', { timeout: 60_000 }, () => {
  it('reads the default stream by slicing cumulative texts', async (t) => {
    const engine = await serveEngine({ port: 0, ttftMs: 0, itlMs: 2 });
    t.after(() => engine.close());
    const [port] = await freePorts();
    const replica = { id: 'engine-0', url: engine.url, engine: 'sim', model: null } as const;
    const template = named('llama-2');
    const service = { name: MODEL, versions: [{ template, replicas: [replica] }] };
    const worker = await startWorkerProgram({ role: 'worker', services: [service] }, port);
    t.after(() => worker.terminate());
    await until('ready', async () => (await fetch(`${worker.url}/ready`)).status === 200);
    const body = {
      model_identifier: MODEL,
      messages: [
        { role: 'user', text: 'Hellow!' },
        { role: 'ai', text: 'Hey! How can I help you today?' },
        { role: 'user', text: 'Tell me a short funny joke.' },
      ],
      system_message: 'The following is a friendly conversation between a human and an AI.',
      temperature: 0.7,
      top_p: 0.9,
      echo: false,
      generation_mode: 'chat',
    };

    const reply = await post(`${worker.url}/api/worker_generate_stream`, body);
    const pieces: string[] = [];
    let previous = 0;
    let rest = '';
    for await (const chunk of reply.body!.pipeThrough(new TextDecoderStream())) {
      const frames = (rest + chunk).split('\0');
      rest = frames.pop() ?? '';
      for (const frame of frames.filter((one) => one !== '')) {
        const { text } = JSON.parse(frame) as { text: string };
        pieces.push(text.substring(previous));
        previous = text.length;
      }
    }

    const whole = await post(`${worker.url}/api/worker_generate`, body);
    assert.equal(rest, '', 'the last frame ends with a NUL, too');
    assert.equal(pieces.join(''), ((await whole.json()) as { text: string }).text);
    assert.ok(previous > 50, 'and it is a text');
  });
});

/** The conversation in llm-ops' words. */
function askChat(ask: (body: object) => Promise<string>): Promise<string> {
  return ask({
    generation_mode: 'chat',
    model_identifier: MODEL,
    system_message: SYSTEM,
    messages: [{ role: 'human', text: USER }],
    ...{ temperature: 0, max_new_tokens: 500, echo: false },
  });
}

function post(url: string, body?: object): Promise<Response> {
  if (body === undefined) return fetch(url, { method: 'POST' });
  const headers = { 'content-type': 'application/json' };
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
}
