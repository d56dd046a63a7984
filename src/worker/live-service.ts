/** A service while it runs: its versions with their places, templates and replicas, changed in place when the configuration changes. */
import type {
  ControllerRegistration,
  WorkerService,
  WorkerTemplate,
  WorkerVersion,
} from '../config/worker-config.ts';
import { LlmOpsError } from '../errors.ts';
import type { ChatRenderer } from '../prompts/chat/chat-renderer.ts';
import type { EngineProgress } from './engine-progress.ts';
import { Replica } from './replica.ts';
import type { ReplicaState } from './replica.ts';
import { Slots } from './admission/slots.ts';

export type LiveVersion = {
  readonly name: string;
  readonly weight: number;
  readonly template: WorkerTemplate | null;
  readonly allowControlTokens: boolean;
  readonly slots: Slots;
  readonly replicas: readonly Replica[];
};

/** What the service takes from its clients; times in milliseconds. */
export type LiveLimits = {
  readonly bodyBytes: number;
  readonly promptCharacters: number;
  readonly readerTimeoutMs: number;
  readonly keepAliveMs: number;
};

export type Surroundings = {
  readonly chatRenderer: ChatRenderer;
  readonly onReplicaChange: (replica: Replica) => void;
  /** What engines that load are doing, by replica id. Never rejects. */
  readonly readProgress: () => Promise<EngineProgress>;
};

/** What a service can say of its engines to who asks after them. */
export type ServiceState = {
  readonly state: ReplicaState;
  readonly replicas: Readonly<Record<string, ReplicaState>>;
  /** Of the replicas that are not ready, as far as it is known. */
  readonly progress: EngineProgress;
};

/** How long a client should wait before it asks again while an engine starts. */
const RETRY_AFTER_S = 5;

export class LiveService {
  readonly name: string;
  readonly #surroundings: Surroundings;
  #config: WorkerService | null = null;
  #isDraining = false;
  #versions: readonly LiveVersion[] = [];
  /** Replicas by what they are, so that a new configuration keeps those that it names again, with their connections and state. */
  #replicas = new Map<string, Replica>();

  constructor(name: string, surroundings: Surroundings) {
    this.name = name;
    this.#surroundings = surroundings;
  }

  get chatRenderer(): ChatRenderer {
    return this.#surroundings.chatRenderer;
  }

  get versions(): readonly LiveVersion[] {
    return this.#versions;
  }

  get limits(): LiveLimits {
    if (this.#config === null) throw new LlmOpsError('internal', `${this.name} is not configured`);
    const { limits } = this.#config;
    return {
      bodyBytes: limits.body_bytes,
      promptCharacters: limits.prompt_characters,
      readerTimeoutMs: limits.reader_timeout_ms,
      keepAliveMs: limits.keep_alive_ms,
    };
  }

  /** Where the service's own worker answers, when it is not us. */
  get worker(): string | null {
    return this.#config?.worker ?? null;
  }

  /** Who is to know that we serve it. A service with a worker of its own is not ours to tell of. */
  get controller(): ControllerRegistration | null {
    return this.worker === null ? (this.#config?.controller ?? null) : null;
  }

  /** From now on it answers who comes, but wants nobody sent. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Whether a dispatcher should send somebody: throws `stopping`, or why no engine is ready. */
  async assertWantsRequests(): Promise<void> {
    if (this.#isDraining) throw new LlmOpsError('stopping', `${this.name}: the worker is stopping`);
    if (this.state !== 'ready') throw await this.notReady();
  }

  /** Takes over a new configuration at once. Requests under way keep the replica that they have. */
  configure(config: WorkerService): void {
    const before = new Map(this.#versions.map((version) => [version.name, version]));
    const kept = new Map<string, Replica>();
    const versions = config.versions.map((version) =>
      this.#toVersion({ version, slots: before.get(version.name)?.slots, kept }),
    );
    for (const [key, replica] of this.#replicas) if (!kept.has(key)) void replica.close();
    this.#replicas = kept;
    this.#versions = versions;
    this.#config = config;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#replicas.values()].map((replica) => replica.close()));
  }

  /** The best that any replica can say of itself. */
  get state(): ReplicaState {
    return bestOf([...this.#replicas.values()].map((replica) => replica.state));
  }

  /**
   * The state with what its engines are seen doing. An engine whose log tells how far it is loads, also where nothing listens yet (vLLM
   * opens its port at the end) or no more (it died and was started again).
   */
  async describe(): Promise<ServiceState> {
    const all = [...this.#replicas.values()];
    // As they are now: what was just found out about an engine may be another thing once the file is read.
    const states = new Map(all.map((replica) => [replica.id, replica.state]));
    const seen = all.every(isReady) ? {} : await this.#surroundings.readProgress();
    const progress: Record<string, string> = {};
    for (const [id, state] of states) {
      const text = state === 'ready' ? undefined : seen[id];
      if (text === undefined) continue;
      progress[id] = text;
      states.set(id, 'loading');
    }
    return { state: bestOf([...states.values()]), replicas: Object.fromEntries(states), progress };
  }

  get queueLength(): number {
    return this.#versions.reduce((sum, { slots }) => sum + slots.taken + slots.waiting, 0);
  }

  /** A version by its weight. */
  chooseVersion(random: number = Math.random()): LiveVersion {
    const total = this.#versions.reduce((sum, version) => sum + version.weight, 0);
    let left = random * total;
    for (const version of this.#versions) {
      left -= version.weight;
      if (left < 0) return version;
    }
    const last = this.#versions.at(-1);
    if (last === undefined) throw new LlmOpsError('internal', `${this.name} has no version`);
    return last;
  }

  /** The ready replica with the least to do. Looks once more before it refuses: the last look may be half a second old. */
  async chooseReplica(version: LiveVersion): Promise<Replica> {
    // The configuration may have changed while the request waited for its place.
    const { replicas } = this.#versions.find(({ name }) => name === version.name) ?? version;
    if (!replicas.some(isReady)) await Promise.all(replicas.map((replica) => replica.probe()));
    const [best] = replicas.filter(isReady).sort((a, b) => a.inFlight - b.inFlight);
    if (best === undefined) throw await this.notReady();
    return best;
  }

  /** What a failed request to a replica means: one whose engine is gone is told with its state, and the state is corrected. */
  async explain(replica: Replica, error: unknown): Promise<unknown> {
    if (!(error instanceof LlmOpsError) || error.code !== 'engine_unavailable') return error;
    replica.lost();
    return this.notReady();
  }

  /** The refusal that says what the engine is doing. */
  async notReady(): Promise<LlmOpsError> {
    const { state: seen, replicas, progress } = await this.describe();
    const state = seen === 'ready' ? 'loading' : seen;
    const { code, words } = NOT_READY[state];
    const phrases = [...new Set(Object.values(progress))];
    const message = [`${this.name}: ${words}`, ...(phrases.length > 0 ? [phrases.join('; ')] : [])];
    return new LlmOpsError(code, message.join(': '), {
      details: {
        service: this.name,
        state,
        replicas,
        ...(phrases.length > 0 && { progress }),
        retry_after_s: RETRY_AFTER_S,
      },
    });
  }

  #toVersion(parts: {
    version: WorkerVersion;
    slots: Slots | undefined;
    kept: Map<string, Replica>;
  }): LiveVersion {
    const { version, kept } = parts;
    const slots = parts.slots ?? new Slots(version.limits.concurrency);
    slots.setLimit(version.limits.concurrency);
    const replicas = version.replicas.map((config) => {
      const key = JSON.stringify([config, version.limits.idle_timeout_ms]);
      const replica = this.#replicas.get(key) ?? kept.get(key) ?? this.#open(version, config);
      kept.set(key, replica);
      return replica;
    });
    const { name, weight, template, allow_control_tokens: allowControlTokens } = version;
    return { name, weight, template, allowControlTokens, slots, replicas };
  }

  #open(version: WorkerVersion, config: WorkerVersion['replicas'][number]): Replica {
    const replica = new Replica(config, {
      idleTimeoutMs: version.limits.idle_timeout_ms,
      onChange: this.#surroundings.onReplicaChange,
    });
    replica.watch();
    return replica;
  }
}

function isReady({ state }: Replica): boolean {
  return state === 'ready';
}

function bestOf(states: readonly ReplicaState[]): ReplicaState {
  const order = ['ready', 'loading', 'starting', 'down'] as const;
  return order.find((state) => states.includes(state)) ?? 'starting';
}

const NOT_READY = {
  starting: { code: 'engine_starting', words: 'the engine is starting' },
  loading: { code: 'engine_loading', words: 'the engine is loading its model' },
  down: { code: 'engine_unavailable', words: 'the engine does not answer' },
} as const;
