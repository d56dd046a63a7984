/**
 * Three engines of three kinds behind one Traefik: vLLM with a GPU reservation, llama.cpp, and the simulator. Each is known by what only
 * it says. `npm run test:vllm -- --docker` runs it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ask, askUntil, json } from '../e2e/front-door-client.ts';
import { freePorts } from '../e2e/free-ports.ts';
import { productRoot, run, succeed } from '../e2e/shell.ts';
import { writeTinyGguf } from '../e2e/tiny-gguf.ts';
import { CPU_ARGS, findEngineCore, giveWay, provided } from './real-vllm.ts';
import { streamAndAct } from './stream-client.ts';

const PROJECT = `llm-ops-vllm-${process.pid}`;
const SERVICES = ['on-vllm', 'on-llama.cpp', 'on-sim'] as const;
type Service = (typeof SERVICES)[number];

let directory = '';
let ports: readonly [number, number] = [0, 0];
const url = (service: string, path: string): string =>
  `https://localhost:${String(ports[1])}/api/${service}/${path}`;
const llmOps = (...args: readonly string[]): ReturnType<typeof run> =>
  run(join(productRoot, 'llm-ops'), [...args, '-f', join(directory, 'llm-ops.yml')]);

before(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'llm-ops-vllm-')));
  ports = await freePorts();
  await writeTinyGguf(join(directory, 'llama.gguf'), ['llamas graze alone.', 'alone they walk.']);
  await writeFile(join(directory, 'llm-ops.yml'), renderConfig());
});

after(async () => {
  await run('docker', ['compose', '-p', PROJECT, 'down', '--remove-orphans', '--volumes']);
  await rm(directory, { recursive: true, force: true });
});

describe('vLLM, llama.cpp and the simulator on Docker', { timeout: 20 * 60_000 }, () => {
  it('come up with one command, which tells what vLLM loads', async () => {
    const up = await llmOps('up', '--runtime', 'docker');

    assert.equal(up.exitCode, 0, `${up.stdout}\n${up.stderr}`);
    assert.match(up.stderr, /on-vllm: .*(weights|KV cache|model|engine)/);
  });

  it('answer each by its own engine', answersByItsOwnEngine);

  it('have the GPU where it was asked for, and nowhere else', async () => {
    const requests = await Promise.all(SERVICES.map((service) => deviceIdsOf(service)));

    assert.deepEqual(requests, [['0'], [], []]);
  });

  it('say a death of vLLM’s engine process in mid-stream, refuse with its state, and come back', async (test) => {
    const apiServer = await containerPid('on-vllm');
    const engineCore = await findEngineCore(apiServer);
    await giveWay(engineCore);
    const body = { prompt: 'once', echo: false, temperature: 0, max_new_tokens: 4000 };

    const { frames, afterActMs } = await streamAndAct(
      url('on-vllm', 'worker_generate_stream'),
      body,
      async () => {
        await Promise.resolve();
        process.kill(engineCore, 'SIGKILL');
      },
    );

    assert.notEqual(frames.at(-1)?.error_code, 0, JSON.stringify(frames.at(-1)));
    for (const frame of frames) assert.ok((frame.finish_reason ?? null) === null);
    test.diagnostic(`the stream ended ${String(Math.round(afterActMs))} ms after the death`);
    const short = { ...body, max_new_tokens: 2 };
    const generate = url('on-vllm', 'worker_generate');
    const refused = await askUntil(generate, ({ status }) => status === 503, { body: short });
    assert.equal(json(refused)['service'], 'on-vllm');
    await askUntil(generate, ({ status }) => status === 200, { body: short, timeoutMs: 240_000 });
  });

  it('go down without a trace, and come up again', async () => {
    const down = await llmOps('down');
    assert.equal(down.exitCode, 0, down.stderr);
    const filter = ['--filter', `label=com.docker.compose.project=${PROJECT}`];
    assert.equal(await succeed('docker', ['ps', '-aq', ...filter]), '');
    assert.deepEqual((await readdir(directory)).sort(), ['llama.gguf', 'llm-ops.yml']);

    const up = await llmOps('up', '--runtime', 'docker');
    assert.equal(up.exitCode, 0, up.stderr);
    await answersByItsOwnEngine();
  });
});

async function answersByItsOwnEngine(): Promise<void> {
  const said: Record<Service, RegExp> = {
    // Noise, but of a tokenizer that learnt Python.
    'on-vllm': /./,
    'on-llama.cpp': /^[\s.]*((llamas|graze|alone|they|walk)[\s.]*)+$/,
    'on-sim': /simulated answer of model on-sim/,
  };
  for (const service of SERVICES) {
    const body = { prompt: 'Hello', echo: false, temperature: 0, max_new_tokens: 24 };
    const reply = await ask(url(service, 'worker_generate'), { body });

    assert.equal(reply.status, 200, reply.text);
    const text = String(json(reply)['text']);
    assert.match(text, said[service]);
    for (const other of SERVICES)
      if (other !== service && other !== 'on-vllm') assert.doesNotMatch(text, said[other]);
  }
}

async function containerOf(service: Service): Promise<string> {
  const filter = [
    `label=com.docker.compose.project=${PROJECT}`,
    `label=com.docker.compose.service=${service}-engine-0`,
  ].flatMap((each) => ['--filter', each]);
  return succeed('docker', ['ps', '-q', ...filter]);
}

async function containerPid(service: Service): Promise<number> {
  const id = await containerOf(service);
  return Number(await succeed('docker', ['inspect', '--format', '{{.State.Pid}}', id]));
}

async function deviceIdsOf(service: Service): Promise<readonly string[]> {
  const id = await containerOf(service);
  const text = await succeed('docker', [
    'inspect',
    '--format',
    '{{json .HostConfig.DeviceRequests}}',
    id,
  ]);
  const requests = JSON.parse(text) as readonly { DeviceIDs: readonly string[] }[] | null;
  return (requests ?? []).flatMap((request) => request.DeviceIDs);
}

function renderConfig(): string {
  return `name: ${PROJECT}
gateway: { http_port: ${String(ports[0])}, https_port: ${String(ports[1])} }
hosts: { gpus: [{ name: A100, memory: 80GB }] }
services:
  on-vllm:
    source: ${provided('VLLM_MODEL')}
    gpu: 1
    args: [${CPU_ARGS.join(', ')}]
    env: { HF_HUB_OFFLINE: 1 }
  on-llama.cpp:
    engine: llama.cpp
    source: ./llama.gguf
  on-sim:
    engine: sim
`;
}
