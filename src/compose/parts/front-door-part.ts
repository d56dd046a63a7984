import type { GatewayPlan, ServicePlan } from '../../plan/stack-plan.ts';
import type { ComposeParts } from '../load-parts.ts';
import { WORKER_PORT, productImage } from './names.ts';
import type { PartContext } from './part-template.ts';
import { renderPart, type Definition } from './render-part.ts';
import { renderService } from './render-service.ts';

/** What every part of the front door has to know of the stack. */
export type DoorContext = {
  readonly parts: ComposeParts;
  readonly stack: string;
  readonly gateway: GatewayPlan;
  readonly version: string;
};

/** A service's worker with its route. `router` names Traefik's router, middleware and service: `[a-z0-9-]`, unique in the stack. */
export function renderWorker(
  context: DoorContext,
  {
    service: { name, workers },
    router,
    configDirectory,
  }: { service: ServicePlan; router: string; configDirectory: string },
): Definition {
  return renderService(context.parts, 'worker', {
    ...toRoute(context),
    router,
    prefix: `/api/${name}`,
    workers: workers === 1 ? null : workers,
    configDirectory: `./${configDirectory}`,
  });
}

/** The gateway with the route of the lowest priority, and the build of the image that it shares with the workers. */
export function renderGateway(
  context: DoorContext,
  { buildContext, configDirectory }: { buildContext: string; configDirectory: string },
): Definition {
  return renderService(context.parts, 'gateway', {
    ...toRoute(context),
    buildContext,
    configDirectory: `./${configDirectory}`,
  });
}

/** Traefik's container, its static configuration, and its dynamic one if it has any. */
export function renderTraefik(context: DoorContext): {
  readonly service: Definition;
  readonly config: Definition;
  readonly dynamic: Definition | null;
} {
  const { gateway, parts, stack } = context;
  const values = {
    ...toRoute(context),
    stack,
    listen: gateway.listen.includes(':') ? `[${gateway.listen}]` : gateway.listen,
    httpPort: gateway.httpPort,
    httpsPort: gateway.httpsPort,
    certificate: gateway.tls.kind === 'files' ? gateway.tls : null,
  };
  return {
    service: renderService(parts, 'traefik', values),
    config: renderPart(parts, 'traefik.yml', values),
    dynamic: values.certificate === null ? null : renderPart(parts, 'tls.yml', values),
  };
}

export function renderSocketProxy({ parts }: DoorContext): Definition {
  return renderService(parts, 'socket-proxy', {});
}

function toRoute({ stack, gateway, version }: DoorContext): PartContext {
  return {
    productImage: productImage(version),
    port: WORKER_PORT,
    edgeNetwork: `${stack}_edge`,
    domain: gateway.domain,
    tls: gateway.tls.kind !== 'off',
    acme: gateway.tls.kind === 'acme' ? gateway.tls : null,
  };
}
