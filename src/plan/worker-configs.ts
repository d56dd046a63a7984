/** What the planner writes for the worker: the schema is in `config/worker-config.ts`. What is default there is left out. */
import type { ControllerConfig, LimitsConfig } from '../config/stack-config.ts';
import type { EngineKind, WorkerConfigInput } from '../config/worker-config.ts';
import type { GatewayPlan, ReplicaPlan, ServicePlan, StackPlan } from './stack-plan.ts';

type UrlOf = (replica: ReplicaPlan) => string;

/** Which API a replica speaks, where its runtime starts another program than the engine's name says. */
type ApiOf = (replica: ReplicaPlan, engine: EngineKind) => EngineKind;

export type WorkerUrls = {
  readonly urlOf: UrlOf;
  /** Where the worker answers FastChat's servers, unless the user says another address. */
  readonly workerUrl: string;
  /** A controller's address as the worker must say it. Left out: as the user does. */
  readonly controllerUrlOf?: (url: string) => string;
};

export type GatewayUrls = {
  readonly urlOf: UrlOf;
  /** Left out, each engine speaks its own. */
  readonly apiOf?: ApiOf;
  /** Where each service's worker answers. Left out, the gateway serves all services by itself. */
  readonly workerUrlOf?: (service: ServicePlan) => string;
};

type ServiceInput = WorkerConfigInput['services'][number];
/** Where the service is found. */
type Place = Pick<ServiceInput, 'worker' | 'controller'>;
type VersionInput = ServiceInput['versions'][number];

/**
 * The configuration of one service's own worker. `urlOf` says where an engine answers as the worker sees it; it is asked for engines that
 * run already, too, since their address can read differently from inside a container.
 */
export function workerConfigOf(service: ServicePlan, urls: WorkerUrls): WorkerConfigInput {
  const { urlOf, workerUrl, controllerUrlOf = (url: string) => url } = urls;
  const controller = service.controller && {
    ...service.controller,
    url: controllerUrlOf(service.controller.url),
  };
  const registration = registrationOf(controller, workerUrl);
  return { role: 'worker', services: [serviceConfigOf(service, { urlOf }, registration)] };
}

/** The configuration of the gateway of all services. A service that has a worker is registered by that. */
export function gatewayConfigOf(
  plan: StackPlan,
  { workerUrlOf, ...replicas }: GatewayUrls,
): WorkerConfigInput {
  const placeOf = (service: ServicePlan): Place =>
    workerUrlOf === undefined
      ? registrationOf(service.controller, fastchatUrl(plan.gateway, service.name))
      : { worker: workerUrlOf(service) };
  return {
    role: 'gateway',
    services: plan.services.map((service) => serviceConfigOf(service, replicas, placeOf(service))),
  };
}

/** Where a gateway speaks to FastChat's servers of a service: below `/api/` it has llm-ops' manners. */
function fastchatUrl({ listen, httpPort }: GatewayPlan, name: string): string {
  const everywhere = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[listen];
  const host = everywhere ?? (listen.includes(':') ? `[${listen}]` : listen);
  return `http://${host}:${httpPort}/fastchat/${name}`;
}

function registrationOf(controller: ControllerConfig | null, address: string): Place {
  if (controller === null) return {};
  const { url, workerAddress } = controller;
  return { controller: { url, worker_address: workerAddress ?? address } };
}

function serviceConfigOf(
  service: ServicePlan,
  { urlOf, apiOf = (_, engine) => engine }: Omit<GatewayUrls, 'workerUrlOf'>,
  place: Place,
): ServiceInput {
  const { name, template, engine, model } = service;
  const replicas = service.replicas.map((replica) => ({
    id: replica.id,
    url: urlOf(replica),
    engine: apiOf(replica, engine),
    model,
  }));
  const { ofVersion, ofService } = limitsOf(service.limits);
  const version = {
    template: template.chosen?.template ?? null,
    ...(template.choice.allowControlTokens && { allow_control_tokens: true }),
    ...(ofVersion !== null && { limits: ofVersion }),
    replicas,
  };
  return { name, ...place, ...(ofService !== null && { limits: ofService }), versions: [version] };
}

/** What the engines are given at once is a version's business, what clients may do the service's. */
function limitsOf(limits: LimitsConfig): {
  readonly ofVersion: NonNullable<VersionInput['limits']> | null;
  readonly ofService: NonNullable<ServiceInput['limits']> | null;
} {
  return {
    ofVersion: said({
      concurrency: limits.concurrency,
      queue_length: limits.queueLength,
      queue_timeout_ms: milliseconds(limits.queueTimeoutS),
      idle_timeout_ms: milliseconds(limits.idleTimeoutS),
    }),
    ofService: said({
      body_bytes: limits.bodyBytes,
      prompt_characters: limits.promptCharacters,
      reader_timeout_ms: milliseconds(limits.readerTimeoutS),
      keep_alive_ms: milliseconds(limits.keepAliveS),
      frame_wait_ms: limits.frameWaitMs,
    }),
  };
}

/** What is not null; null when nothing is left. */
function said(limits: Readonly<Record<string, number | null>>): Record<string, number> | null {
  const entries = Object.entries(limits).filter((entry): entry is [string, number] => {
    return entry[1] !== null;
  });
  return entries.length > 0 ? Object.fromEntries(entries) : null;
}

function milliseconds(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}
