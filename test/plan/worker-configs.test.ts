import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServiceConfig, StackConfig } from '../../src/config/stack-config.ts';
import { WorkerConfig } from '../../src/config/worker-config.ts';
import { ConversationTemplate } from '../../src/prompts/conversation-template.ts';
import { planStack } from '../../src/plan/plan-stack.ts';
import type { ReplicaPlan } from '../../src/plan/stack-plan.ts';
import { gatewayConfigOf, workerConfigOf } from '../../src/plan/worker-configs.ts';
import { byName, host, service, stack } from './sample-config.ts';

const PLAN = planStack(
  stack([
    service('A.b', { template: byName('plain'), replicas: 2 }),
    service('remote', { engine: 'openai', url: 'http://10.0.0.7:8000' }),
  ]),
  host(),
);
const PLAIN = {
  kind: 'conversation',
  conversation: ConversationTemplate.parse({
    ...{ name: 'plain', system_template: '{system_message}', roles: ['U', 'A'] },
    ...{ sep_style: 'ADD_COLON_SINGLE', sep: '\n' },
  }),
} as const;
const chosen = { template: PLAIN, why: 'of this test' };
const [first] = PLAN.services;
const CHOSEN = { ...first!, template: { ...first!.template, chosen } };
const urlOf = ({ host: name, engine }: ReplicaPlan) =>
  'url' in engine ? engine.url : `http://${name}:${engine.port}`;

const workerUrl = 'http://a-b-worker:80';

describe('workerConfigOf', () => {
  it('is the one service, as the worker reads it', () => {
    const config = workerConfigOf(CHOSEN, { urlOf, workerUrl });

    assert.deepEqual(config, {
      role: 'worker',
      services: [
        {
          name: 'A.b',
          versions: [
            {
              template: PLAIN,
              replicas: [
                {
                  id: 'A.b-engine-0',
                  url: 'http://a-b-engine-0:8000',
                  engine: 'vllm',
                  model: 'A.b',
                },
                {
                  id: 'A.b-engine-1',
                  url: 'http://a-b-engine-1:8000',
                  engine: 'vllm',
                  model: 'A.b',
                },
              ],
            },
          ],
        },
      ],
    });
    assert.equal(WorkerConfig.parse(config).services[0]?.versions[0]?.weight, 100);
  });

  it('leaves the model of an engine at an address to be asked for', () => {
    const [remote] = WorkerConfig.parse(
      workerConfigOf(PLAN.services[1]!, { urlOf, workerUrl }),
    ).services;

    assert.deepEqual(remote?.versions[0]?.replicas, [
      { id: 'remote-engine-0', url: 'http://10.0.0.7:8000', engine: 'openai', model: null },
    ]);
  });
});

describe('what a user says of a service', () => {
  const limits = {
    ...{ concurrency: 8, queueLength: 0, queueTimeoutS: 5, idleTimeoutS: 120 },
    ...{
      bodyBytes: 1024,
      promptCharacters: 1000,
      readerTimeoutS: 30,
      keepAliveS: 10,
      frameWaitMs: 0,
    },
  };
  const controller = { url: 'http://localhost:21001', workerAddress: null };
  const planned = (
    facts: Partial<ServiceConfig>,
    gateway: Partial<StackConfig['gateway']> = {},
  ) => {
    const config = stack([service('A.b', facts)]);
    return planStack({ ...config, gateway: { ...config.gateway, ...gateway } }, host());
  };

  it('goes where the worker has it: to the version what its engines get, to the service the rest', () => {
    const [one] = workerConfigOf(planned({ limits }).services[0]!, { urlOf, workerUrl }).services;

    assert.deepEqual(one?.versions[0]?.limits, {
      concurrency: 8,
      queue_length: 0,
      queue_timeout_ms: 5_000,
      idle_timeout_ms: 120_000,
    });
    assert.deepEqual(one.limits, {
      body_bytes: 1024,
      prompt_characters: 1000,
      reader_timeout_ms: 30_000,
      keep_alive_ms: 10_000,
      frame_wait_ms: 0,
    });
  });

  it('registers a worker by where it answers, or by what the user says', () => {
    const at = (workerAddress: string | null) => {
      const { services } = planned({ controller: { ...controller, workerAddress } });
      const controllerUrlOf = (url: string) => url.replace('localhost', 'elsewhere');
      return workerConfigOf(services[0]!, { urlOf, workerUrl, controllerUrlOf }).services[0];
    };

    const url = 'http://elsewhere:21001';
    assert.deepEqual(at(null)?.controller, { url, worker_address: workerUrl });
    assert.deepEqual(at('http://w')?.controller, { url, worker_address: 'http://w' });
  });

  it('registers a service of a gateway by its own address there, unless its worker does', () => {
    const addressAt = (listen: string) =>
      gatewayConfigOf(planned({ controller }, { listen }), { urlOf }).services[0]?.controller
        ?.worker_address;

    assert.equal(addressAt('127.0.0.1'), 'http://127.0.0.1:8989/fastchat/A.b');
    assert.equal(addressAt('0.0.0.0'), 'http://127.0.0.1:8989/fastchat/A.b');
    assert.equal(addressAt('::'), 'http://[::1]:8989/fastchat/A.b');
    assert.equal(addressAt('fd00::1'), 'http://[fd00::1]:8989/fastchat/A.b');
    assert.equal(addressAt('10.0.0.5'), 'http://10.0.0.5:8989/fastchat/A.b');
    const workerUrlOf = () => workerUrl;
    const [behind] = gatewayConfigOf(planned({ controller }), { urlOf, workerUrlOf }).services;
    assert.equal(behind?.controller, undefined);
  });
});

describe('gatewayConfigOf', () => {
  it('has all services, each with its worker when it has one', () => {
    const config = WorkerConfig.parse(
      gatewayConfigOf(PLAN, { urlOf, workerUrlOf: ({ workerHost }) => `http://${workerHost}:80` }),
    );

    assert.equal(config.role, 'gateway');
    assert.deepEqual(
      config.services.map(({ name, worker }) => [name, worker]),
      [
        ['A.b', 'http://a-b-worker:80'],
        ['remote', 'http://remote-worker:80'],
      ],
    );
  });

  it('has the API that a runtime says for a replica, else the engine’s own', () => {
    const { services } = gatewayConfigOf(PLAN, {
      urlOf,
      apiOf: ({ id }, engine) => (id === 'A.b-engine-1' ? 'sim' : engine),
    });

    assert.deepEqual(
      services.flatMap(({ versions }) =>
        versions.flatMap(({ replicas }) => replicas.map(({ engine }) => engine)),
      ),
      ['vllm', 'sim', 'openai'],
    );
  });

  it('names no worker when the gateway serves by itself', () => {
    const config = gatewayConfigOf(PLAN, { urlOf });

    assert.ok(config.services.every((one) => !('worker' in one)));
  });
});
