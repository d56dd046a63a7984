import type { ControllerConfig, ServiceConfig, StackConfig } from '../config/stack-config.ts';
import type { EngineKind } from '../config/worker-config.ts';
import type { HostFacts } from './host-facts.ts';
import { placeGpus } from './place-gpus.ts';
import { planSlugs } from './slugs.ts';
import type { EnginePlan, GpuPlan, ReplicaPlan, ServicePlan, StackPlan } from './stack-plan.ts';

/** The ports that engines listen on when nobody tells them another. `openai` is never started. */
const PORTS: Readonly<Record<EngineKind, number>> = {
  vllm: 8000,
  'llama.cpp': 8080,
  openai: 8000,
  sim: 8000,
};

/** Decides all of the stack: names, hosts, GPUs, ports. Throws `gpu_shortage` when the GPUs do not go round. */
export function planStack(config: StackConfig, host: HostFacts): StackPlan {
  const slugs = planSlugs(config.services.map(({ name }) => name));
  const placement = placeGpus(config, host);
  const services = config.services.map((service) =>
    planService(service, {
      slug: slugs.get(service.name) ?? service.name,
      gpus: placement.gpus.get(service.name) ?? [],
    }),
  );
  const warnings = [...exposureWarnings(config), ...placement.warnings, ...addressWarnings(config)];
  const { name, gateway, templates } = config;
  return { name, gateway, services, templates, warnings };
}

type ServicePlacement = {
  readonly slug: string;
  /** For each replica. */
  readonly gpus: readonly (readonly GpuPlan[])[];
};

function planService(service: ServiceConfig, { slug, gpus }: ServicePlacement): ServicePlan {
  const { name, engine, template, url, replicas, controller, limits, workers } = service;
  return {
    name,
    slug,
    engine,
    model: url === null ? name : null,
    template: { choice: template, chosen: null },
    worker: `${name}-worker`,
    workerHost: `${slug}-worker`,
    controller,
    limits,
    workers,
    replicas: Array.from({ length: replicas }, (_, at): ReplicaPlan => ({
      id: `${name}-engine-${at}`,
      host: `${slug}-engine-${at}`,
      engine: url === null ? planEngine(service, gpus[at] ?? []) : { url },
    })),
  };
}

function planEngine(service: ServiceConfig, gpus: readonly GpuPlan[]): EnginePlan {
  const { engine: kind, source, image, args, env, volumes, resources, idleUnloadS } = service;
  return {
    kind,
    source,
    image,
    args,
    env,
    port: service.port ?? PORTS[kind],
    gpus,
    volumes,
    resources,
    idleUnloadS,
  };
}

function exposureWarnings({ gateway: { listen } }: StackConfig): readonly string[] {
  if (listen.startsWith('127.') || listen === '::1') return [];
  return [
    `The ports are open on ${listen}: anyone who can reach this machine there may use the models, unless their workers ask for tokens (docs/tokens.md). ` +
      '`gateway.listen: 127.0.0.1` keeps them to this machine.',
  ];
}

function addressWarnings({ services }: StackConfig): readonly string[] {
  return services.flatMap(({ name, url, controller }) => [
    ...(url === null || !isLocal(url) ? [] : [`${name}: ${onTheBridge('engine', url)}.`]),
    ...(controller === null || !isLocal(controller.url)
      ? []
      : [`${name}: ${onTheBridge('controller', controller.url)}${wayBack(controller)}.`]),
  ]);
}

function onTheBridge(noun: string, url: string): string {
  return (
    `${url} is this machine itself. On the Docker runtime its container reaches it as host.docker.internal, ` +
    `so that ${noun} has to listen on the Docker bridge (or on 0.0.0.0), not on loopback alone`
  );
}

/** A registration alone is no use: FastChat's servers have to reach the worker, too. */
function wayBack({ workerAddress }: ControllerConfig): string {
  return workerAddress === null
    ? ', and FastChat’s servers reach the worker only from containers in the stack’s network, unless `worker_address` says another way'
    : '';
}

function isLocal(url: string): boolean {
  return /^(localhost|.*\.localhost|127\..*|\[::1\])$/.test(new URL(url).hostname);
}
