/** CPU, memory, event loop and garbage collection: of the process, so there is one of it however many workers it has. */
import type { Registry } from 'prom-client';

const LAG_EVERY_MS = 50;

type ProcessMetrics = Pick<Registry, 'metrics' | 'getMetricsAsJSON'>;

let registry: Promise<Registry> | null = null;

/** Begins to look at the process when it is asked first: what it takes for that would hold the start up, and nobody asks before it. */
export function processMetrics(): ProcessMetrics {
  return {
    metrics: async () => (await opened()).metrics(),
    getMetricsAsJSON: async () => (await opened()).getMetricsAsJSON(),
  };
}

function opened(): Promise<Registry> {
  registry ??= open();
  return registry;
}

async function open(): Promise<Registry> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const register = new Registry();
  // It looks at the loop's lag by a timer of its own, which wakes a process that has nothing to do.
  const eventLoopMonitoringPrecision = LAG_EVERY_MS;
  collectDefaultMetrics({ register, prefix: 'llm_ops_', eventLoopMonitoringPrecision });
  return register;
}
