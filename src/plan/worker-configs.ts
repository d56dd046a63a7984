/** What the planner writes for the worker: the schema is in `config/worker-config.ts`. */
import type { EngineKind, WorkerConfigInput } from '../config/worker-config.ts';
import type { ReplicaPlan, ServicePlan, StackPlan } from './stack-plan.ts';

export type UrlOf = (replica: ReplicaPlan) => string;

/** Which API a replica speaks, where its runtime starts another program than the engine's name says. */
type ApiOf = (replica: ReplicaPlan, engine: EngineKind) => EngineKind;

export type GatewayUrls = {
  readonly urlOf: UrlOf;
  /** Left out, each engine speaks its own. */
  readonly apiOf?: ApiOf;
  /** Where each service's worker answers. Left out, the gateway serves all services by itself. */
  readonly workerUrlOf?: (service: ServicePlan) => string;
};

/**
 * The configuration of one service's own worker. `urlOf` says where an engine answers as the worker sees it; it is asked for engines that
 * run already, too, since their address can read differently from inside a container.
 */
export function workerConfigOf(service: ServicePlan, urlOf: UrlOf): WorkerConfigInput {
  return { role: 'worker', services: [serviceConfigOf(service, { urlOf })] };
}

/** The configuration of the gateway of all services. */
export function gatewayConfigOf(
  plan: StackPlan,
  { workerUrlOf, ...replicas }: GatewayUrls,
): WorkerConfigInput {
  return {
    role: 'gateway',
    services: plan.services.map((service) => ({
      ...serviceConfigOf(service, replicas),
      ...(workerUrlOf !== undefined && { worker: workerUrlOf(service) }),
    })),
  };
}

function serviceConfigOf(
  service: ServicePlan,
  { urlOf, apiOf = (_, engine) => engine }: Omit<GatewayUrls, 'workerUrlOf'>,
): WorkerConfigInput['services'][number] {
  const { name, template, engine, model } = service;
  const replicas = service.replicas.map((replica) => ({
    id: replica.id,
    url: urlOf(replica),
    engine: apiOf(replica, engine),
    model,
  }));
  const version = {
    template: template.chosen?.template ?? null,
    ...(template.choice.allowControlTokens && { allow_control_tokens: true }),
    replicas,
  };
  return { name, versions: [version] };
}
