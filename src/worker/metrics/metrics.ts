/** The metrics of one worker, for Prometheus; `docs/metrics.md` has their names and what they tell. */
import { Registry } from './prometheus.ts';
import type { LiveStack } from '../live/live-stack.ts';
import type { Replica } from '../live/replica.ts';
import type { EndedRequest } from '../http/request-outcome.ts';
import type { RequestTrace } from '../answer/request-trace.ts';
import { isConfigured } from './labels.ts';
import { processMetrics } from './process-metrics.ts';
import { RequestMetrics } from './request-metrics.ts';
import { StackMetrics } from './stack-metrics.ts';

export type Metrics = {
  /** Follows a request for an answer, until the function that it returns is called with how it ended. */
  readonly follow: (trace: RequestTrace) => (ended: EndedRequest) => void;
  /** To be told of every change of a replica's state. */
  readonly replicaChanged: (replica: Replica) => void;
  /** All of them in Prometheus' text format, with its content type. */
  readonly scrape: () => Promise<{ readonly contentType: string; readonly text: string }>;
};

export function createMetrics(stack: LiveStack): Metrics {
  const registry = new Registry();
  const requests = new RequestMetrics(registry);
  const state = new StackMetrics(stack, registry);
  const ofProcess = processMetrics();
  return {
    follow: (trace) => requests.follow(trace),
    replicaChanged: (replica) => state.replicaChanged(replica),
    scrape: async () => {
      requests.catchUp();
      requests.prune((labels) => isConfigured(stack, labels));
      state.prune();
      state.replicas.forEach((labels) => requests.begin(labels));
      const texts = await Promise.all([registry.metrics(), ofProcess.metrics()]);
      return { contentType: registry.contentType, text: texts.join('\n') };
    },
  };
}
