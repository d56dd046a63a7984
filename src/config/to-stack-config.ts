import type { DefaultsInput, ServiceInput } from './schema/service-schema.ts';
import type { StackInput } from './schema/stack-schema.ts';
import type { GatewayConfig, LimitsConfig, ServiceConfig, StackConfig } from './stack-config.ts';
import { AUTO } from './values/template-choice.ts';
import type { GpuDemand, WrittenGpuDemand } from './values/gpu-demand.ts';

export const DEFAULT_STACK_NAME = 'llm-ops';

/** The worker's own defaults hold. */
export const NO_LIMITS = toLimits({});

/** Fills in every default. */
export function toStackConfig(input: StackInput): StackConfig {
  const services = Object.entries(input.services ?? {});
  return {
    name: input.name ?? DEFAULT_STACK_NAME,
    gateway: toGateway(input.gateway ?? {}),
    hosts: { gpus: input.hosts?.gpus ?? null },
    templates: input.templates ?? null,
    services: services.map(([name, service]) =>
      toService(name, service ?? {}, input.defaults ?? {}),
    ),
  };
}

function toGateway(input: NonNullable<StackInput['gateway']>): GatewayConfig {
  return {
    domain: input.domain ?? null,
    listen: input.listen ?? '127.0.0.1',
    httpPort: input.http_port ?? 8989,
    httpsPort: input.https_port ?? 8443,
    tls: input.tls ?? { kind: 'self-signed' },
  };
}

function toService(name: string, own: ServiceInput, defaults: DefaultsInput): ServiceConfig {
  const isStarted = (own.url ?? null) === null;
  // How to start an engine says nothing about one that runs already.
  const { engine, template, controller, limits, workers, ...starting } = defaults;
  const said: ServiceInput = {
    ...{ engine, template, controller, limits, workers },
    ...(isStarted && starting),
    ...own,
  };
  const kind = said.engine ?? 'vllm';
  const replicas = said.replicas ?? 1;
  return {
    name,
    engine: kind,
    url: said.url ?? null,
    source: said.source ?? null,
    image: said.image ?? null,
    args: said.args ?? [],
    env: own.env === null ? {} : { ...(isStarted && defaults.env), ...own.env },
    port: said.port ?? null,
    gpu: toGpuDemand(said.gpu ?? null, { replicas, without: isStarted && kind === 'vllm' ? 1 : 0 }),
    template: said.template ?? AUTO,
    resources: {
      cpu: said.resources?.cpu ?? null,
      memoryBytes: said.resources?.memory ?? null,
      shmBytes: said.resources?.shm_size ?? null,
    },
    volumes: said.volumes ?? [],
    replicas,
    idleUnloadS: said.idle_unload ?? null,
    controller: said.controller ?? null,
    limits: said.limits ? toLimits(said.limits) : NO_LIMITS,
    workers: said.workers ?? 1,
  };
}

function toLimits(input: NonNullable<ServiceInput['limits']>): LimitsConfig {
  return {
    concurrency: input.concurrency ?? null,
    queueLength: input.queue_length ?? null,
    queueTimeoutS: input.queue_timeout ?? null,
    idleTimeoutS: input.idle_timeout ?? null,
    bodyBytes: input.body_size ?? null,
    promptCharacters: input.prompt_characters ?? null,
    readerTimeoutS: input.reader_timeout ?? null,
    keepAliveS: input.keep_alive ?? null,
    frameWaitMs: input.frame_wait_ms ?? null,
  };
}

/** `without`: how many GPUs a replica takes when the service says nothing of them. */
function toGpuDemand(
  written: WrittenGpuDemand | null,
  { replicas, without }: { replicas: number; without: number },
): GpuDemand | null {
  const pinned =
    written === null || written.ids.length === 0 ? null : written.ids.length / replicas;
  const count = written === null ? without : (pinned ?? written.count ?? 1);
  return count === 0 ? null : { names: [], minMemoryGiB: null, ids: [], ...written, count };
}
