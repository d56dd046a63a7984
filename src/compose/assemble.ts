import { LlmOpsError } from '../errors.ts';
import type { Unit } from '../plan/diff.ts';
import { checkCompose } from './check-compose.ts';
import { HOST_NAME } from './host-url.ts';
import type { ComposeParts } from './load-parts.ts';
import {
  HASH_LABEL,
  ROLE_LABEL,
  SERVICE_LABEL,
  STACK_LABEL,
  type Network,
  type Role,
} from './parts/names.ts';
import { withHubToken } from './parts/hub-token.ts';
import { isMapping, partPath, type Definition } from './parts/render-part.ts';
import { escapeInterpolation, hashContainer } from './print-compose.ts';

/** One container: its template's definition, and its place in the stack, which is not the template's to say. */
export type Container = {
  /** Name of the Compose service and of the unit. */
  readonly name: string;
  readonly part: string;
  readonly role: Role;
  /** Name of the service that it belongs to, if it belongs to one. */
  readonly service?: string;
  readonly definition: Definition;
  /** Its networks, each with the host names that others call it by there. */
  readonly networks: Readonly<Partial<Record<Network, readonly string[]>>>;
  readonly dependsOn?: readonly string[];
  /** It must reach the machine that it runs on. */
  readonly needsHost?: boolean;
  /** Contents of mounted files that it reads only when it starts. */
  readonly startFiles?: readonly unknown[];
  /** Text of the mounted file that it follows while it runs. */
  readonly follows?: string;
};

/** Puts the containers together to a Compose file, checked, with `$` escaped. Throws `config_invalid`. */
export function assemble(
  containers: readonly Container[],
  { stack, parts }: { stack: string; parts: ComposeParts },
): { readonly file: Definition; readonly units: readonly Unit[] } {
  checkHostNames(containers);
  const labels = { [STACK_LABEL]: stack };
  const units: Unit[] = [];
  const services: Record<string, Definition> = {};
  for (const container of containers) {
    const definition = place(container, stack);
    const hash = hashContainer(definition, container.startFiles ?? []);
    const { name, follows } = container;
    units.push({ name, hash, ...(follows !== undefined && { follows }) });
    services[name] = {
      ...definition,
      labels: { ...(definition['labels'] as Definition), [HASH_LABEL]: hash },
    };
  }
  const volumes = namedVolumes(Object.values(services));
  const file = {
    name: stack,
    services,
    networks: { edge: { labels }, engines: { labels }, control: { internal: true, labels } },
    ...(volumes.length > 0 && {
      volumes: Object.fromEntries(volumes.map((volume) => [volume, { labels }])),
    }),
  };
  const partOf = new Map(containers.map(({ name, part }) => [name, partPath(parts, part)]));
  // Of all that is in it only this is Compose's to fill in.
  const whole = withHubToken(escapeInterpolation(file) as Definition);
  checkCompose(whole, (service) => partOf.get(service) ?? service);
  return { file: whole, units };
}

function place(container: Container, stack: string): Definition {
  const { definition, networks, dependsOn = [], role, service } = container;
  const { labels = {}, ...rest } = definition;
  return {
    ...rest,
    ...(container.needsHost === true && { extra_hosts: [`${HOST_NAME}:host-gateway`] }),
    ...(dependsOn.length > 0 && { depends_on: dependsOn }),
    networks: Object.fromEntries(
      Object.entries(networks).map(([network, aliases]) => [
        network,
        aliases.length > 0 ? { aliases } : {},
      ]),
    ),
    labels: {
      ...(labels as Definition),
      [STACK_LABEL]: stack,
      ...(service !== undefined && { [SERVICE_LABEL]: service }),
      [ROLE_LABEL]: role,
    },
  };
}

/** Docker answers a name that two containers carry with either of them, so that one model's requests would reach another's. */
function checkHostNames(containers: readonly Container[]): void {
  const carriers = Map.groupBy(containers.flatMap(hostsOf), ({ host }) => host);
  for (const { name, networks } of containers) {
    for (const [network, aliases] of Object.entries(networks)) {
      for (const alias of aliases) {
        const other = carriers.get(hostIn(network, alias))?.find((one) => one.name !== name);
        if (other === undefined) continue;
        throw new LlmOpsError(
          'config_invalid',
          `${name} and ${other.name} would both answer to the host name ${alias}.`,
          { hint: 'Give one of the two services another name.' },
        );
      }
    }
  }
}

type Host = { readonly host: string; readonly name: string };

/** What a container is called by, in each of its networks. */
function hostsOf({ name, networks }: Container): readonly Host[] {
  return Object.entries(networks).flatMap(([network, aliases]) =>
    [name, ...aliases].map((one) => ({ host: hostIn(network, one), name })),
  );
}

/** Host names are the same in any case, and each network has its own. */
function hostIn(network: string, host: string): string {
  return `${network}/${host.toLowerCase()}`;
}

function namedVolumes(services: readonly Definition[]): readonly string[] {
  const mounts = services.flatMap(({ volumes }) =>
    Array.isArray(volumes) ? (volumes as unknown[]) : [],
  );
  const names = mounts.flatMap((mount) =>
    isMapping(mount) && mount['type'] === 'volume' && typeof mount['source'] === 'string'
      ? [mount['source']]
      : [],
  );
  return [...new Set(names)].sort();
}
