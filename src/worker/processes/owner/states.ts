/** How the replicas are, for the servers, which do not look themselves. */
import type { LiveService } from '../../live/live-service.ts';
import type { States } from '../messages.ts';

export function statesOf(services: readonly LiveService[]): States {
  return Object.fromEntries(
    services.map(({ name, versions }) => [
      name,
      Object.fromEntries(
        versions.map((version) => [version.name, version.replicas.map(({ state }) => state)]),
      ),
    ]),
  );
}
