import type { ServiceConfig, StackConfig } from '../../src/config/stack-config.ts';
import { NO_LIMITS } from '../../src/config/to-stack-config.ts';
import type { GpuDemand } from '../../src/config/values/gpu-demand.ts';
import { AUTO, type TemplateChoice } from '../../src/config/values/template-choice.ts';
import type { Gpu } from '../../src/plan/host-facts.ts';

export function stack(
  services: readonly ServiceConfig[],
  facts: Partial<StackConfig> = {},
): StackConfig {
  return {
    name: 'llm-ops',
    gateway: {
      domain: null,
      listen: '127.0.0.1',
      httpPort: 8989,
      httpsPort: 8443,
      tls: { kind: 'self-signed' },
    },
    hosts: { gpus: null },
    templates: null,
    services,
    ...facts,
  };
}

export function service(name: string, facts: Partial<ServiceConfig> = {}): ServiceConfig {
  return {
    name,
    engine: 'vllm',
    url: null,
    source: { kind: 'hub', id: `org/${name}`, revision: null, file: null },
    image: null,
    args: [],
    env: {},
    port: null,
    gpu: null,
    template: AUTO,
    resources: { cpu: null, memoryBytes: null, shmBytes: null },
    idleUnloadS: null,
    volumes: [],
    replicas: 1,
    controller: null,
    limits: NO_LIMITS,
    workers: 1,
    ...facts,
  };
}

export function gpus(count: number, facts: Partial<GpuDemand> = {}): GpuDemand {
  return { count, names: [], minMemoryGiB: null, ids: [], ...facts };
}

/** GPUs as `nvidia-smi` tells them: `GPU-0`, `GPU-1`, … */
export function host(...names: readonly (string | readonly [name: string, memoryGiB: number])[]): {
  readonly gpus: readonly Gpu[];
} {
  return {
    gpus: names.map((gpu, index) => {
      const [name, memoryGiB] = typeof gpu === 'string' ? [gpu, 80] : gpu;
      return { id: `GPU-${index}`, index, name, memoryGiB };
    }),
  };
}

/** A template chosen by its name. */
export function byName(name: string): TemplateChoice {
  return { from: { kind: 'named', name }, allowControlTokens: false };
}
