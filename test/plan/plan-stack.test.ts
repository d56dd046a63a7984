import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_LIMITS } from '../../src/config/to-stack-config.ts';
import { planStack } from '../../src/plan/plan-stack.ts';
import { printPlacement } from '../../src/plan/print-plan.ts';
import { byName, gpus, host, service, stack } from './sample-config.ts';

const LLAMA = service('Llama-2-7b-chat', {
  gpu: gpus(2),
  template: byName('llama-2'),
  replicas: 2,
});
const QWEN = service('Qwen2.5', { engine: 'llama.cpp' });
const REMOTE = service('remote', { engine: 'openai', url: 'http://10.0.0.7:8000', source: null });
const FOUR = host('A100', 'A100', 'A100', 'A100');

describe('planStack', () => {
  it('plans all of a service', () => {
    const facts = {
      args: ['--x'],
      env: { A: null },
      image: 'i',
      gpu: gpus(1),
      template: byName('llama-2'),
    };
    const volumes = [{ kind: 'volume', source: 'v', target: '/v', readOnly: true }] as const;

    const plan = planStack(stack([service('Mistral.7B', { ...facts, volumes })]), host('A100'));

    assert.deepEqual(plan, {
      name: 'llm-ops',
      gateway: {
        domain: null,
        listen: '127.0.0.1',
        httpPort: 8989,
        httpsPort: 8443,
        tls: { kind: 'self-signed' },
      },
      services: [
        {
          name: 'Mistral.7B',
          slug: 'mistral-7b',
          engine: 'vllm',
          model: 'Mistral.7B',
          template: { choice: byName('llama-2'), chosen: null },
          worker: 'Mistral.7B-worker',
          workerHost: 'mistral-7b-worker',
          controller: null,
          limits: NO_LIMITS,
          workers: 1,
          replicas: [
            {
              id: 'Mistral.7B-engine-0',
              host: 'mistral-7b-engine-0',
              engine: {
                kind: 'vllm',
                source: { kind: 'hub', id: 'org/Mistral.7B', revision: null, file: null },
                image: 'i',
                args: ['--x'],
                env: { A: null },
                port: 8000,
                gpus: [{ id: 'GPU-0', name: 'A100' }],
                volumes,
                resources: { cpu: null, memoryBytes: null, shmBytes: null },
                idleUnloadS: null,
              },
            },
          ],
        },
      ],
      templates: null,
      warnings: [],
    });
  });

  it('lets engines listen where they usually do, or where the user says', () => {
    const config = stack([
      service('a'),
      service('b', { engine: 'llama.cpp' }),
      service('c', { engine: 'sim' }),
      service('d', { port: 9000 }),
    ]);

    const ports = planStack(config, host()).services.map(({ replicas: [first] }) =>
      first !== undefined && 'port' in first.engine ? first.engine.port : null,
    );

    assert.deepEqual(ports, [8000, 8080, 8000, 9000]);
  });

  it('uses an engine at an address as it is, and lets the worker ask for its model', () => {
    const [remote] = planStack(stack([REMOTE]), host()).services;

    assert.equal(remote?.model, null);
    assert.deepEqual(remote.replicas, [
      { id: 'remote-engine-0', host: 'remote-engine-0', engine: { url: 'http://10.0.0.7:8000' } },
    ]);
  });

  it('gives colliding names different hosts', () => {
    const hosts = planStack(stack([service('A'), service('a')]), host()).services.map(
      ({ workerHost }) => workerHost,
    );

    assert.equal(new Set(hosts).size, 2);
  });

  it('refuses a stack whose GPUs do not go round', () => {
    assert.throws(() => planStack(stack([LLAMA]), host('A100')), { code: 'gpu_shortage' });
  });
});

describe('warnings', () => {
  const listening = (listen: string) => {
    const config = stack([QWEN]);
    return planStack({ ...config, gateway: { ...config.gateway, listen } }, host()).warnings;
  };

  it('tell of ports that others can reach', () => {
    assert.match(
      listening('0.0.0.0').join(),
      /anyone who can reach .* unless their workers ask for tokens/,
    );
    assert.match(listening('::').join(), /anyone who can reach/);
    assert.deepEqual(listening('127.0.0.1'), []);
    assert.deepEqual(listening('127.1.2.3'), []);
    assert.deepEqual(listening('::1'), []);
  });

  it('tell of an engine on this machine, which a container reaches another way', () => {
    const at = (url: string) => planStack(stack([{ ...REMOTE, url }]), host()).warnings;

    assert.match(at('http://localhost:8000').join(), /^remote: .*listen on the Docker bridge/);
    assert.match(at('http://127.0.0.1:8000').join(), /Docker bridge/);
    assert.match(at('http://[::1]:8000').join(), /Docker bridge/);
    assert.deepEqual(at('http://localhost.example.org'), []);
  });

  it('tell of a controller on this machine, too', () => {
    const at = (url: string, workerAddress: string | null = null) =>
      planStack(stack([{ ...REMOTE, controller: { url, workerAddress } }]), host()).warnings.join();
    const local = 'http://localhost:21001';

    assert.match(at(local), /^remote: .*that controller has to listen .*unless `worker_address`/);
    assert.doesNotMatch(at(local, 'http://10.0.0.8:21002'), /unless/);
    assert.equal(at('http://10.0.0.7:21001'), '');
  });

  it('tell of GPUs that are assigned by position', () => {
    assert.match(planStack(stack([LLAMA]), { gpus: null }).warnings.join(), /assigned by position/);
  });
});

describe('printPlacement', () => {
  it('shows where everything goes', () => {
    assert.equal(
      printPlacement(planStack(stack([LLAMA, QWEN, REMOTE]), FOUR)),
      `llm-ops at https://localhost:8443

service          engine     replica  GPUs                  template  address
Llama-2-7b-chat  vllm       0        GPU-0,GPU-1           llama-2   /api/Llama-2-7b-chat/
                            1        GPU-2,GPU-3
Qwen2.5          llama.cpp  0        -                     auto      /api/Qwen2.5/
remote           openai     0        http://10.0.0.7:8000  auto      /api/remote/`,
    );
  });

  it('shortens UUIDs, and stays within 100 columns', () => {
    const id = 'GPU-8932f937-d72c-4106-c12f-20bd9faed9f6';
    const facts = { gpus: [{ id, index: 0, name: 'A100', memoryGiB: 80 }] };
    const text = printPlacement(
      planStack(stack([service('m'.repeat(64), { gpu: gpus(1) })]), facts),
    );

    assert.match(text, / GPU-8932f937… /);
    assert.ok(
      text.split('\n').every((line) => line.length <= 100),
      text,
    );
  });

  it('names the address by domain, by plain http, and without the usual port', () => {
    const base = (facts: Partial<ReturnType<typeof stack>['gateway']>) => {
      const config = stack([QWEN]);
      const plan = planStack({ ...config, gateway: { ...config.gateway, ...facts } }, host());
      return printPlacement(plan).split('\n')[0];
    };

    assert.equal(
      base({ domain: 'llm.example.org', httpsPort: 443 }),
      'llm-ops at https://llm.example.org',
    );
    assert.equal(base({ tls: { kind: 'off' } }), 'llm-ops at http://localhost:8989');
    assert.equal(base({ listen: '10.0.0.5' }), 'llm-ops at https://10.0.0.5:8443');
    assert.equal(base({ listen: '0.0.0.0' }), 'llm-ops at https://localhost:8443');
    assert.equal(base({ listen: '::' }), 'llm-ops at https://localhost:8443');
    assert.equal(base({ listen: 'fd00::1' }), 'llm-ops at https://[fd00::1]:8443');
  });
});
