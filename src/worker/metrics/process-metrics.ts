/** CPU, memory, event loop and garbage collection: of the process, so there is one of it however many workers it has. */
import { collectDefaultMetrics, Registry } from 'prom-client';

const LAG_EVERY_MS = 50;

let registry: Registry | null = null;

/** Begins to look at the process when it is first called. */
export function processMetrics(): Registry {
  if (registry === null) {
    registry = new Registry();
    // It looks at the loop's lag by a timer of its own, which wakes a process that has nothing to do.
    const eventLoopMonitoringPrecision = LAG_EVERY_MS;
    collectDefaultMetrics({ register: registry, prefix: 'llm_ops_', eventLoopMonitoringPrecision });
  }
  return registry;
}
