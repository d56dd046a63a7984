/** The metrics of a worker with several processes: what its servers counted, those that died among them, and what their owner knows. */
import { Registry } from 'prom-client';
import type { LiveStack } from '../../live/live-stack.ts';
import { addCounts, countsOf, printCounts, remainsOf, sideBySide, sumOf } from './counts.ts';
import type { CountedMetric, Counts } from './counts.ts';
import { isConfigured } from '../labels.ts';
import type { Labels } from '../labels.ts';
import type { Metrics } from '../metrics.ts';
import { processMetrics } from '../process-metrics.ts';
import { StackMetrics } from '../stack-metrics.ts';

export type OwnerMetrics = Pick<Metrics, 'replicaChanged' | 'scrape'> & {
  /** What server `process` has counted up to now. */
  readonly counted: (process: string, counts: Counts) => void;
  /** It is gone: what it told last stays counted. */
  readonly gone: (process: string) => void;
};

export function createOwnerMetrics(stack: LiveStack): OwnerMetrics {
  const registry = new Registry();
  const state = new StackMetrics(stack, registry);
  const ofProcess = processMetrics();
  const latest = new Map<string, Counts>();
  /** Of all servers that are gone. */
  let remains: readonly CountedMetric[] = [];
  const keeps = (labels: Readonly<Record<string, string | number>>): boolean =>
    isConfigured(stack, labels as unknown as Labels);
  return {
    replicaChanged: (replica) => state.replicaChanged(replica),
    counted: (process, { requests, process: own }) => {
      const before = latest.get(process)?.process ?? [];
      latest.set(process, { requests, process: own.length > 0 ? own : before });
    },
    gone: (process) => {
      const counts = latest.get(process);
      latest.delete(process);
      if (counts !== undefined) remains = addCounts(remains, remainsOf(counts.requests, keeps));
    },
    scrape: async () => {
      state.prune();
      // Nothing is awaited between the reading of the counts and their sum being begun: who is gone meanwhile is in one of the two lists.
      const servers = [...latest]
        .map(([process, counts]) => ({ process, counts }))
        .sort((a, b) => Number(a.process) - Number(b.process));
      remains = remainsOf(remains, keeps);
      const lists = [remains, ...servers.map(({ counts }) => counts.requests)];
      const [sums, own, ofOwner] = await Promise.all([
        sumOf(lists),
        countsOf(registry),
        countsOf(ofProcess),
      ]);
      const ofServers = servers.map(({ process, counts }) => ({
        process,
        metrics: counts.process,
      }));
      const processes = sideBySide([{ process: 'owner', metrics: ofOwner }, ...ofServers]);
      const text = await printCounts([...sums, ...own, ...processes]);
      return { contentType: registry.contentType, text };
    },
  };
}
