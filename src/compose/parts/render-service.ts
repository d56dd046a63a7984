import { LlmOpsError } from '../../errors.ts';
import type { ComposeParts } from '../load-parts.ts';
import type { PartContext } from './part-template.ts';
import { isMapping, partPath, renderPart, type Definition } from './render-part.ts';

/**
 * Renders the part that defines a container, and checks what Compose's schema does not see and what this project demands of it.
 * Throws `config_invalid`, naming the template.
 */
export function renderService(parts: ComposeParts, name: string, context: PartContext): Definition {
  const definition = renderPart(parts, name, context);
  const [problem] = problemsOf(definition, { publishes: name === PUBLISHER });
  if (problem === undefined) return definition;
  throw new LlmOpsError(
    'config_invalid',
    `${partPath(parts, name)} gives invalid Compose: ${problem}.`,
  );
}

/** Keys that the renderer sets itself, or that would break what it promises: no published engine, no global names. */
const FORBIDDEN_KEYS = ['container_name', 'deploy', 'extends', 'network_mode', 'networks', 'scale'];
/** The one part whose container has published ports. */
const PUBLISHER = 'traefik';
const OWN_LABELS = /^(llm-ops|com\.docker\.compose)\./;

function* problemsOf(
  definition: Definition,
  { publishes }: { publishes: boolean },
): Iterable<string> {
  if (typeof definition['image'] !== 'string') yield '"image" is missing';
  for (const key of FORBIDDEN_KEYS) {
    if (key in definition) yield `"${key}" is not a template's to set`;
  }
  if ('ports' in definition && !publishes) yield 'only Traefik publishes "ports"';
  const { labels = {}, environment = {}, healthcheck = {}, volumes = [] } = definition;
  if (!isMapping(labels)) yield '"labels" must be a mapping';
  else if (Object.keys(labels).some((label) => OWN_LABELS.test(label)))
    yield 'labels "llm-ops.…" and "com.docker.compose.…" are not a template\'s to set';
  if (!isMapping(environment)) yield '"environment" must be a mapping';
  if (isMapping(healthcheck)) {
    const { test } = healthcheck;
    if (Array.isArray(test) && !['NONE', 'CMD', 'CMD-SHELL'].includes(String(test[0])))
      yield 'healthcheck.test must begin with NONE, CMD or CMD-SHELL';
    if ('start_interval' in healthcheck && !('start_period' in healthcheck))
      yield 'healthcheck.start_interval needs healthcheck.start_period';
  }
  if (!Array.isArray(volumes) || !volumes.every(isMapping))
    yield '"volumes" must be a list in the long form (type, source, target)';
}
