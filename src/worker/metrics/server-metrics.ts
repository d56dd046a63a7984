/** The metrics of one server among several: it counts what it does, and the owner makes one of all. */
import { Registry } from 'prom-client';
import type { LiveStack } from '../live/live-stack.ts';
import { countsOf } from './counts.ts';
import type { Counts } from './counts.ts';
import { isConfigured } from './labels.ts';
import type { Metrics } from './metrics.ts';
import { processMetrics } from './process-metrics.ts';
import { RequestMetrics } from './request-metrics.ts';
import { labelsOfReplicas } from './stack-metrics.ts';

export type ServerMetrics = Pick<Metrics, 'follow'> & {
  /** Everything up to now. */
  readonly counts: () => Promise<Counts>;
};

export function createServerMetrics(stack: LiveStack): ServerMetrics {
  const registry = new Registry();
  const requests = new RequestMetrics(registry);
  const ofProcess = processMetrics();
  return {
    follow: (trace) => requests.follow(trace),
    counts: async () => {
      requests.catchUp();
      requests.prune((labels) => isConfigured(stack, labels));
      labelsOfReplicas(stack).forEach((labels) => requests.begin(labels));
      const [ofRequests, own] = await Promise.all([countsOf(registry), countsOf(ofProcess)]);
      return { requests: ofRequests, process: own };
    },
  };
}
