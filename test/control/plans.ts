/** Plans and doors for tests. */
import { NO_LIMITS } from '../../src/config/to-stack-config.ts';
import { AUTO } from '../../src/config/values/template-choice.ts';
import type { FrontDoor } from '../../src/control/front-door.ts';
import type { GatewayPlan, ServicePlan, StackPlan } from '../../src/plan/stack-plan.ts';

export const GATEWAY: GatewayPlan = {
  domain: null,
  listen: '127.0.0.1',
  httpPort: 8989,
  httpsPort: 8443,
  tls: { kind: 'self-signed' },
};

export function servicePlan(name: string): ServicePlan {
  const slug = name.toLowerCase();
  return {
    name,
    slug,
    engine: 'sim',
    model: null,
    template: { choice: AUTO, chosen: null },
    worker: `${name}-worker`,
    workerHost: `${slug}-worker`,
    controller: null,
    limits: NO_LIMITS,
    workers: 1,
    replicas: [
      { id: `${name}-engine-0`, host: `${slug}-engine-0`, engine: { url: 'http://127.0.0.1:1' } },
    ],
  };
}

export function stackPlan(names: readonly string[], gateway: Partial<GatewayPlan> = {}): StackPlan {
  return {
    name: 'test',
    gateway: { ...GATEWAY, ...gateway },
    services: names.map(servicePlan),
    templates: null,
    warnings: [],
  };
}

export function plainDoor(port: number): FrontDoor {
  return {
    url: `http://localhost:${String(port)}`,
    tls: false,
    address: '127.0.0.1',
    port,
    host: 'localhost',
    selfSigned: false,
    needsResolve: false,
  };
}
