/** Worker configurations, as the proofs want them. */
import type {
  WorkerConfigInput,
  WorkerService,
  WorkerVersion,
} from '../../../src/config/worker-config.ts';

type ServiceInput = WorkerConfigInput['services'][number];
type VersionInput = ServiceInput['versions'][number];

export type ServiceParts = {
  readonly name: string;
  /** Simulators, one a replica. */
  readonly engineUrls: readonly string[];
  readonly limits?: Partial<WorkerVersion['limits']>;
  readonly serviceLimits?: Partial<WorkerService['limits']>;
};

/** One version without a template: completions reach the engine as they are. */
export function toService(parts: ServiceParts): ServiceInput {
  const { name, engineUrls, limits = {}, serviceLimits = {} } = parts;
  const versions = [toVersion({ name: 'default', engineUrls, limits })];
  return { name, limits: serviceLimits, versions };
}

export function toVersion({
  name,
  engineUrls,
  limits,
}: Required<Pick<ServiceParts, 'name' | 'engineUrls' | 'limits'>>): VersionInput {
  return {
    name,
    template: null,
    limits,
    replicas: engineUrls.map((url) => ({
      // By the engine's port, so that a replica that comes back is the same one.
      id: `engine-${new URL(url).port}`,
      url,
      engine: 'sim',
      model: null,
    })),
  };
}

/** A worker of one service. */
export function oneService(parts: ServiceParts): WorkerConfigInput {
  return { role: 'worker', services: [toService(parts)] };
}

/** A gateway, which serves each service below `/api/<name>`. */
export function manyServices(services: readonly ServiceParts[]): WorkerConfigInput {
  return { role: 'gateway', services: services.map(toService) };
}
