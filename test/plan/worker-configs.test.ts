import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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

describe('workerConfigOf', () => {
  it('is the one service, as the worker reads it', () => {
    const config = workerConfigOf(CHOSEN, urlOf);

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
    const [remote] = WorkerConfig.parse(workerConfigOf(PLAN.services[1]!, urlOf)).services;

    assert.deepEqual(remote?.versions[0]?.replicas, [
      { id: 'remote-engine-0', url: 'http://10.0.0.7:8000', engine: 'openai', model: null },
    ]);
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
