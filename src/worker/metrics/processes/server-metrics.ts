/** The metrics of one server among several: it counts what it does, and the owner makes one of all. */
import { Registry } from 'prom-client';
import type { LiveStack } from '../../live/live-stack.ts';
import { countsOf } from './counts.ts';
import type { CountedMetric, Counts } from './counts.ts';
import { isConfigured } from '../labels.ts';
import type { Metrics } from '../metrics.ts';
import { processMetrics } from '../process-metrics.ts';
import { RequestMetrics } from '../request-metrics.ts';
import { labelsOfReplicas } from '../stack-metrics.ts';

export type ServerMetrics = Pick<Metrics, 'follow'> & {
  /** Everything up to now. */
  readonly counts: () => Promise<Counts>;
  /** What would be lost with this process; null: nothing that was not told before. */
  readonly news: () => Promise<Counts | null>;
};

export function createServerMetrics(stack: LiveStack): ServerMetrics {
  const registry = new Registry();
  const requests = new RequestMetrics(registry);
  const ofProcess = processMetrics();
  let open = 0;
  let hasNews = false;
  const ofRequests = (): Promise<readonly CountedMetric[]> => {
    hasNews = false;
    requests.catchUp();
    requests.prune((labels) => isConfigured(stack, labels));
    labelsOfReplicas(stack).forEach((labels) => requests.begin(labels));
    return countsOf(registry);
  };
  return {
    follow: (trace) => {
      const count = requests.follow(trace);
      open += 1;
      return (ended) => {
        open -= 1;
        hasNews = true;
        count(ended);
      };
    },
    counts: async () => {
      const [counted, own] = await Promise.all([ofRequests(), countsOf(ofProcess)]);
      return { requests: counted, process: own };
    },
    // Answers that go on count their tokens, too.
    news: async () => (hasNews || open > 0 ? { requests: await ofRequests(), process: [] } : null),
  };
}
