import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../e2e/free-ports.ts';
import { killProcess, startProcess } from './engine-process.ts';
import { ENGINE_SERVER_DEVIATIONS } from './engine-server-deviations.ts';
import type { EngineUnderTest, RunningEngine } from './engine-under-test.ts';
import { provideLlamaPackage } from './provide-llama-package.ts';
import { TINY_CONTEXT_LENGTH, writeTinyModel } from './tiny-model.ts';
import { vllmQuestions } from './vllm-api-client.ts';

const PROGRAM = fileURLToPath(new URL('../../../src/engine-server/llama/main.ts', import.meta.url));
const MODEL = 'tiny';
const SLOTS = 4;

/** llama.cpp in a process of our own, as the product starts it where there is no llama-server. */
export const BUILT_IN: EngineUnderTest = {
  column: 'built-in llama.cpp',
  speaks: 'vLLM’s API',
  start,
  deaths: [{ name: 'its process is killed', kill: killProcess }],
  deviations: {
    ...ENGINE_SERVER_DEVIATIONS,
    'tokenize an empty prompt': 'its tokenizer has a begin token, the recorded one has none',
  },
};

async function start(): Promise<RunningEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-built-in-'));
  const model = join(directory, 'tiny.gguf');
  await writeTinyModel(model, { spacePrefix: false });
  const [port] = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const files = ['--package', await provideLlamaPackage(), '--model', model, '--alias', MODEL];
  const size = ['--parallel', String(SLOTS), '--ctx-size', String(SLOTS * TINY_CONTEXT_LENGTH)];
  const args = [PROGRAM, ...files, '--port', String(port), ...size, '--threads', '1'];
  const engine = await startProcess({ file: process.execPath, args, url });
  return {
    ...engine,
    // As the product tells its worker.
    kind: 'vllm',
    model: MODEL,
    contextLength: TINY_CONTEXT_LENGTH,
    ...vllmQuestions(url, MODEL),
    stop: async () => {
      await engine.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
