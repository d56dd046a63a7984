/** CPU, memory, event loop and garbage collection: of the process, so there is one of it however many workers it has. */
import { collectDefaultMetrics, Registry } from 'prom-client';

let registry: Registry | null = null;

/** Begins to look at the process when it is first called. */
export function processMetrics(): Registry {
  if (registry === null) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry, prefix: 'llm_ops_' });
  }
  return registry;
}
