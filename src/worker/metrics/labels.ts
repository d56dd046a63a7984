/** What the series of requests and replicas are told apart by. Only names that the configuration has: nobody outside can make a series. */
import type { LiveStack } from '../live/live-stack.ts';
import type { RequestTrace } from '../answer/request-trace.ts';

export const LABELS = ['service', 'version', 'replica'] as const;

/** An empty one is none, as Prometheus has it: the request did not get so far. */
export type Labels = Readonly<Record<(typeof LABELS)[number], string>>;

export function labelsOf({ service, version, replica }: RequestTrace): Labels {
  return { service: service ?? '', version: version ?? '', replica: replica ?? '' };
}

/** For a map of series. NUL is in no name. */
export function keyOf({ service, version, replica }: Labels): string {
  return `${service}\0${version}\0${replica}`;
}

/** Whether the configuration still has all that the labels name. */
export function isConfigured(stack: LiveStack, { service, version, replica }: Labels): boolean {
  if (service === '') return true;
  const live = stack.find(service);
  if (live === null || version === '') return live !== null;
  const replicas = live.versions.find(({ name }) => name === version)?.replicas;
  if (replicas === undefined || replica === '') return replicas !== undefined;
  return replicas.some(({ id }) => id === replica);
}
