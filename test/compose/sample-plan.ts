/** Hand-made plans: small, complete, and changed by the test that needs another. */
import { NO_LIMITS } from '../../src/config/to-stack-config.ts';
import { AUTO } from '../../src/config/values/template-choice.ts';
import type {
  EnginePlan,
  GatewayPlan,
  ReplicaPlan,
  ServicePlan,
  StackPlan,
} from '../../src/plan/stack-plan.ts';

export function engineOf(changes: Partial<EnginePlan> = {}): EnginePlan {
  return {
    kind: 'vllm',
    source: { kind: 'hub', id: 'meta-llama/Llama-2-7b-chat-hf', revision: null, file: null },
    image: null,
    args: [],
    env: {},
    port: 8000,
    gpus: [{ id: 'GPU-1', name: null }],
    volumes: [],
    resources: { cpu: null, memoryBytes: null, shmBytes: null },
    idleUnloadS: null,
    ...changes,
  };
}

export function serviceOf(
  name: string,
  engines: readonly ReplicaPlan['engine'][] = [engineOf()],
  changes: Partial<ServicePlan> = {},
): ServicePlan {
  const slug = changes.slug ?? name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const [first] = engines;
  return {
    name,
    slug,
    engine: first !== undefined && 'kind' in first ? first.kind : 'openai',
    model: name,
    template: { choice: AUTO, chosen: null },
    worker: `${name}-worker`,
    workerHost: `${slug}-worker`,
    controller: null,
    limits: NO_LIMITS,
    workers: 1,
    replicas: engines.map((engine, index) => ({
      id: `${name}-engine-${String(index)}`,
      host: `${slug}-engine-${String(index)}`,
      engine,
    })),
    ...changes,
  };
}

export function planOf(
  services: readonly ServicePlan[],
  changes: Partial<Omit<StackPlan, 'gateway'>> & { readonly gateway?: Partial<GatewayPlan> } = {},
): StackPlan {
  return {
    name: 't-compose-sample',
    services,
    templates: null,
    warnings: [],
    ...changes,
    gateway: {
      domain: null,
      listen: '127.0.0.1',
      httpPort: 8989,
      httpsPort: 8443,
      tls: { kind: 'self-signed' },
      ...changes.gateway,
    },
  };
}
