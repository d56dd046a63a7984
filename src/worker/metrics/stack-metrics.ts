/** What services and replicas are like at the moment of a scrape: read then, never counted along. */
import { Counter, Gauge } from './prometheus.ts';
import type { Registry } from 'prom-client';
import type { LiveService, LiveVersion } from '../live/live-service.ts';
import type { LiveStack } from '../live/live-stack.ts';
import type { Replica } from '../live/replica.ts';
import { isConfigured, keyOf, LABELS } from './labels.ts';
import type { Labels } from './labels.ts';

type ReplicaState = Replica['state'];

const OF_VERSION = ['service', 'version'] as const;

/** Whether a replica that was ready can come to be in the state. */
const STATES = {
  starting: false,
  loading: true,
  ready: false,
  failing: true,
  stalled: true,
  down: true,
} satisfies Record<ReplicaState, boolean>;
const REASONS = Object.entries(STATES).flatMap(([state, isReason]) => (isReason ? [state] : []));

export class StackMetrics {
  readonly #stack: LiveStack;
  readonly #ejections;
  /** As they were told last. A new engine of an old name is another one. */
  readonly #states = new WeakMap<Replica, ReplicaState>();
  readonly #series = new Map<string, Labels>();

  constructor(stack: LiveStack, registry: Registry) {
    this.#stack = stack;
    const registers = [registry];
    new Gauge({
      name: 'llm_ops_queue_length',
      help: 'Requests that wait for a place: at the version, and without one at the service.',
      labelNames: OF_VERSION,
      registers,
      collect() {
        this.reset();
        for (const { name, slots } of servedFrom(stack))
          this.set({ service: name, version: '' }, slots.waiting);
        for (const { service, version } of versionsOf(stack))
          this.set({ service, version: version.name }, version.slots.waiting);
      },
    });
    new Gauge({
      name: 'llm_ops_slots_taken',
      help: "Places at the version's engines in use.",
      labelNames: OF_VERSION,
      registers,
      collect() {
        this.reset();
        for (const { service, version } of versionsOf(stack))
          this.set({ service, version: version.name }, version.slots.taken);
      },
    });
    new Gauge({
      name: 'llm_ops_slots_limit',
      help: "Places at the version's engines.",
      labelNames: OF_VERSION,
      registers,
      collect() {
        this.reset();
        for (const { service, version } of versionsOf(stack))
          this.set({ service, version: version.name }, version.slots.limit);
      },
    });
    new Gauge({
      name: 'llm_ops_replica_requests_in_progress',
      help: 'What a replica has to do for us, questions included.',
      labelNames: LABELS,
      registers,
      collect() {
        this.reset();
        for (const { labels, replica } of replicasOf(stack)) this.set(labels, replica.inFlight);
      },
    });
    new Gauge({
      name: 'llm_ops_replica_state',
      help: '1 for the state that a replica is in, 0 for the others.',
      labelNames: [...LABELS, 'state'],
      registers,
      collect() {
        this.reset();
        for (const { labels, replica } of replicasOf(stack))
          for (const state of Object.keys(STATES))
            this.set({ ...labels, state }, replica.state === state ? 1 : 0);
      },
    });
    this.#ejections = new Counter({
      name: 'llm_ops_ejections_total',
      help: 'Times that a replica which was ready no longer was, by the state that it came into.',
      labelNames: [...LABELS, 'reason'],
      registers,
    });
  }

  /** To be told of every change of a replica's state. */
  replicaChanged(replica: Replica): void {
    const { state } = replica;
    const before = this.#states.get(replica);
    this.#states.set(replica, state);
    if (before !== 'ready') return;
    const found = replicasOf(this.#stack).find((each) => each.replica === replica);
    if (found === undefined) return;
    this.#series.set(keyOf(found.labels), found.labels);
    this.#ejections.inc({ ...found.labels, reason: state });
  }

  /** The labels of all replicas that are served from here. */
  get replicas(): readonly Labels[] {
    return labelsOfReplicas(this.#stack);
  }

  /** Does away with what the configuration no longer has, and begins the series of what it has. */
  prune(): void {
    for (const [key, labels] of this.#series) {
      if (isConfigured(this.#stack, labels)) continue;
      this.#series.delete(key);
      for (const reason of REASONS) this.#ejections.remove({ ...labels, reason });
    }
    for (const labels of this.replicas) {
      this.#series.set(keyOf(labels), labels);
      for (const reason of REASONS) this.#ejections.inc({ ...labels, reason }, 0);
    }
  }
}

/** Of all that are served from here. */
export function labelsOfReplicas(stack: LiveStack): readonly Labels[] {
  return replicasOf(stack).map(({ labels }) => labels);
}

/** A service with a worker of its own is counted there. */
function servedFrom(stack: LiveStack): readonly LiveService[] {
  return stack.services.filter(({ worker }) => worker === null);
}

function versionsOf(stack: LiveStack): readonly { service: string; version: LiveVersion }[] {
  return servedFrom(stack).flatMap(({ name, versions }) =>
    versions.map((version) => ({ service: name, version })),
  );
}

function replicasOf(stack: LiveStack): readonly { labels: Labels; replica: Replica }[] {
  return versionsOf(stack).flatMap(({ service, version }) =>
    version.replicas.map((replica) => ({
      labels: { service, version: version.name, replica: replica.id },
      replica,
    })),
  );
}
