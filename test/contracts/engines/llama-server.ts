import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '../../../src/local/process/find-on-path.ts';
import { freePorts } from '../../e2e/free-ports.ts';
import { succeed } from '../../e2e/shell.ts';
import { ask } from '../../worker/worker-harness.ts';
import { killProcess, startProcess, untilHealthy } from './engine-process.ts';
import type { EngineUnderTest, RunningEngine } from './engine-under-test.ts';
import { metric } from './metric.ts';
import { TINY_CONTEXT_LENGTH, writeTinyModel } from './tiny-model.ts';

const IMAGE = 'ghcr.io/ggml-org/llama.cpp:server';
const MODEL = 'tiny';
const SLOTS = 4;

/** llama.cpp's own server: the program of this machine where there is one, else the official image. */
export const LLAMA_SERVER: EngineUnderTest = {
  column: 'llama-server',
  speaks: 'its own API',
  start,
  deaths: [
    {
      name: 'it is killed',
      kill: (engine) => killers.get(engine.url)?.() ?? Promise.reject(new Error('it does not run')),
    },
  ],
  deviations: {
    'what only begins like a stop string is not lost':
      'where the length ends an answer, its end is missing when it begins like a stop string',
  },
};

/** How each one that runs is killed, by its address. */
const killers = new Map<string, () => Promise<void>>();

async function start(): Promise<RunningEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-llama-'));
  // The image's user is not ours.
  await chmod(directory, 0o755);
  const model = join(directory, 'tiny.gguf');
  await writeTinyModel(model, { spacePrefix: true });
  const [port] = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const program = findOnPath('llama-server', process.env['PATH']);
  const running =
    program === null ? await startContainer(model, port) : await startProgram(program, model, port);
  killers.set(url, running.kill);
  return {
    url,
    kind: 'llama.cpp',
    model: MODEL,
    contextLength: TINY_CONTEXT_LENGTH,
    pid: running.pid,
    ...questions(url),
    stop: async () => {
      killers.delete(url);
      await running.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

type Running = {
  readonly pid: number | null;
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const args = (model: string, host: string, port: number): readonly string[] => [
  ...['--model', model, '--alias', MODEL, '--host', host, '--port', String(port), '--metrics'],
  ...['--parallel', String(SLOTS), '--ctx-size', String(SLOTS * TINY_CONTEXT_LENGTH)],
  ...['--threads', '1', '--threads-batch', '1'],
];

async function startProgram(file: string, model: string, port: number): Promise<Running> {
  const url = `http://127.0.0.1:${port}`;
  const engine = await startProcess({ file, args: args(model, '127.0.0.1', port), url });
  return { ...engine, kill: () => killProcess(engine) };
}

async function startContainer(model: string, port: number): Promise<Running> {
  const name = `llm-ops-contract-llama-${process.pid}-${port}`;
  const publish = ['--publish', `127.0.0.1:${port}:8080`, '--volume', `${model}:/model.gguf:ro`];
  const command = [IMAGE, ...args('/model.gguf', '0.0.0.0', 8080)];
  await succeed('docker', ['run', '--detach', '--rm', '--name', name, ...publish, ...command]);
  const stop = async (): Promise<void> => {
    // After a death there is nothing to remove.
    await succeed('docker', ['rm', '--force', name]).catch(() => undefined);
  };
  if (!(await untilHealthy(`http://127.0.0.1:${port}`, () => true))) {
    const logs = await succeed('docker', ['logs', name]).catch(String);
    await stop();
    throw new Error(`llama-server was never ready:\n${logs}`);
  }
  return {
    pid: null,
    kill: async () => {
      await succeed('docker', ['kill', '--signal', 'KILL', name]);
    },
    stop,
  };
}

function questions(
  url: string,
): Pick<RunningEngine, 'load' | 'tokenIds' | 'textOf' | 'chatTokens'> {
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const reply = await ask(url + path, { body });
    if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${reply.text}`);
    return reply.json;
  };
  const tokenize = async (content: string, special: boolean): Promise<readonly number[]> =>
    (await post('/tokenize', { content, add_special: special }))['tokens'] as readonly number[];
  return {
    load: async () => {
      const { text } = await ask(`${url}/metrics`);
      return {
        running: metric(text, 'llamacpp:requests_processing'),
        generatedTokens: metric(text, 'llamacpp:tokens_predicted_total'),
      };
    },
    tokenIds: (text) => tokenize(text, false),
    textOf: async (tokens) => String((await post('/detokenize', { tokens }))['content']),
    chatTokens: async (messages) => {
      const { prompt } = await post('/apply-template', { messages });
      return (await tokenize(String(prompt), true)).length;
    },
  };
}
