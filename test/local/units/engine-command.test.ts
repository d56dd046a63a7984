import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { engineCommand, neededProgram } from '../../../src/local/units/engine-command.ts';
import type { ModelSource } from '../../../src/config/values/model-source.ts';
import { enginePlan } from '../stand-ins.ts';

const options = {
  model: 'chat',
  port: 4000,
  programs: {
    ...{ engineServer: '/product/engine.ts', worker: '/product/worker.ts' },
    ...{ llama: '/product/llama.ts', llamaPackage: null },
  },
};
const where = ['--host', '127.0.0.1', '--port', '4000'];
const gpus = (...ids: string[]) => ids.map((id) => ({ id, name: null }));
const hub = (changes: Partial<ModelSource> = {}): ModelSource =>
  ({ kind: 'hub', id: 'org/model', revision: null, file: null, ...changes }) as ModelSource;

describe('the command of the simulator', () => {
  it('is our engine server, run by this very node', () => {
    assert.deepEqual(engineCommand(enginePlan({ args: ['--ttft-ms', '1'] }), options), {
      file: process.execPath,
      args: ['/product/engine.ts', '--model', 'chat', ...where, '--ttft-ms', '1'],
      env: {},
    });
  });

  it('names the model after its source when the plan has no name for it', () => {
    const { args } = engineCommand(enginePlan({ source: hub() }), { ...options, model: null });
    assert.deepEqual(args.slice(1, 3), ['--model', 'org/model']);
  });
});

describe('the command of vLLM', () => {
  it('serves a pinned model under the plan’s name on the GPUs that it was given', () => {
    const engine = enginePlan({
      ...{ kind: 'vllm', source: hub({ revision: 'abc' }), gpus: gpus('GPU-a', 'GPU-b') },
      ...{ args: ['--dtype', 'half'], env: { HF_TOKEN: null } },
    });
    assert.deepEqual(engineCommand(engine, options), {
      file: 'vllm',
      args: [
        ...['serve', 'org/model', '--served-model-name', 'chat', '--revision', 'abc', ...where],
        ...['--tensor-parallel-size', '2', '--dtype', 'half'],
      ],
      env: { CUDA_VISIBLE_DEVICES: 'GPU-a,GPU-b', HF_TOKEN: null },
    });
  });

  it('leaves the tensor parallelism to the user who set it', () => {
    for (const args of [['--tensor-parallel-size=1'], ['-tp', '1']]) {
      const engine = enginePlan({ kind: 'vllm', gpus: gpus('0', '1'), args });
      assert.equal(engineCommand(engine, options).args.includes('2'), false);
    }
  });

  it('sees no GPU when it was given none', () => {
    const { env } = engineCommand(enginePlan({ kind: 'vllm' }), options);
    assert.deepEqual(env, { CUDA_VISIBLE_DEVICES: '' });
  });

  it('takes a model’s path with spaces as one argument', () => {
    const source = { kind: 'path', path: '/models/my model' } as const;
    const { args } = engineCommand(enginePlan({ kind: 'vllm', source }), options);
    assert.equal(args[1], '/models/my model');
  });
});

const path = { kind: 'path', path: '/m.gguf' } as const;

describe('the command of llama-server', () => {
  const commandOf = (changes = {}) =>
    engineCommand(enginePlan({ kind: 'llama.cpp', source: path, ...changes }), options);

  it('loads a file, with all layers on the GPU if it has one', () => {
    const { file, args, env } = commandOf({ gpus: gpus('0') });
    assert.equal(file, 'llama-server');
    assert.deepEqual(args, [
      ...['--model', '/m.gguf', '--alias', 'chat', ...where, '--metrics', '-ngl', '999'],
    ]);
    assert.deepEqual(env, { CUDA_VISIBLE_DEVICES: '0' });
  });

  it('leaves the layers to the user who set them', () => {
    const { args } = commandOf({ gpus: gpus('0'), args: ['--n-gpu-layers', '3'] });
    assert.deepEqual(args.slice(-3), ['--metrics', '--n-gpu-layers', '3']);
  });

  it('gives its memory back when nobody asks for so long', () => {
    const { args } = commandOf({ idleUnloadS: 90 });
    assert.deepEqual(args.slice(-3), ['--sleep-idle-seconds', '90', '--metrics']);
  });
});

describe('the command of the built-in llama.cpp', () => {
  const programs = { ...options.programs, llamaPackage: '/cache/llama' };
  const commandOf = (changes = {}) =>
    engineCommand(enginePlan({ kind: 'llama.cpp', source: path, ...changes }), {
      ...options,
      programs,
    });

  it('is our program over the native package, run by this very node', () => {
    assert.deepEqual(commandOf({ args: ['-c', '512'], env: { A: 'a' }, idleUnloadS: 90 }), {
      file: process.execPath,
      args: [
        ...['/product/llama.ts', '--package', '/cache/llama', '--model', '/m.gguf'],
        ...['--alias', 'chat', ...where, '--sleep-idle-seconds', '90', '-c', '512'],
      ],
      env: { A: 'a' },
    });
  });

  it('needs no program of the PATH, where llama-server is one', () => {
    const engine = enginePlan({ kind: 'llama.cpp' });
    assert.equal(neededProgram(engine, programs), null);
    assert.equal(neededProgram(engine, options.programs), 'llama-server');
  });
});

describe('a source that was not fetched', () => {
  const wheel = { kind: 'pypi', package: 'p', version: '1', path: 'a/m.gguf' } as const;

  it('stands in the command as the user wrote it, for comparison', () => {
    for (const [source, text] of [
      [hub({ revision: 'abc', file: 'Q4_K_M' }), 'org/model@abc:Q4_K_M'],
      [wheel, 'pypi:p==1/a/m.gguf'],
    ] as const) {
      const { args } = engineCommand(enginePlan({ kind: 'llama.cpp', source }), options);
      assert.deepEqual(args.slice(0, 2), ['--model', text]);
    }
    const { args } = engineCommand(enginePlan({ kind: 'vllm', source: wheel }), options);
    assert.equal(args[1], 'pypi:p==1/a/m.gguf');
  });
});

it('an engine that runs elsewhere has no command', () => {
  assert.throws(() => engineCommand(enginePlan({ kind: 'openai' }), options), {
    code: 'config_invalid',
  });
});
