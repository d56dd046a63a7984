/** A service while it runs: its versions with their places, templates and replicas, changed in place when the configuration changes. */
import type {
  ControllerRegistration,
  WorkerService,
  WorkerTemplate,
  WorkerVersion,
} from '../../config/worker-config.ts';
import { LlmOpsError } from '../../errors.ts';
import type { ChatRenderer } from '../../prompts/chat/chat-renderer.ts';
import { Slots } from '../admission/slots.ts';
import type { SlotLimits } from '../admission/slots.ts';
import { Balancer } from '../balance/balancer.ts';
import { chooseVersion } from '../balance/choose-version.ts';
import { canServe } from '../balance/health.ts';
import { bestOf, notReady } from '../balance/health/service-state.ts';
import type { ServiceState } from '../balance/health/service-state.ts';
import type { Beginning } from '../balance/prefix-blocks.ts';
import type { EngineProgress } from './engine-progress.ts';
import { Replica } from './replica.ts';
import type { Seat } from './replica.ts';

export type LiveVersion = {
  readonly name: string;
  readonly weight: number;
  readonly template: WorkerTemplate | null;
  readonly allowControlTokens: boolean;
  readonly slots: Slots;
  readonly balancer: Balancer<Replica>;
  readonly replicas: readonly Replica[];
};

/** What matters for the choice of a replica. */
export type ReplicaWish = {
  /** Left out: the request is none for text. */
  readonly prompt?: Beginning;
  /** Where it was tried already. */
  readonly except?: Pick<Seat, 'id'>;
};

/** What the service takes from its clients; times in milliseconds. */
export type LiveLimits = {
  readonly bodyBytes: number;
  readonly promptCharacters: number;
  readonly readerTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly frameWaitMs: number;
};

export type Surroundings = {
  readonly chatRenderer: ChatRenderer;
  readonly onReplicaChange: (replica: Replica) => void;
  /** What engines that load are doing, by replica id. Never rejects. */
  readonly readProgress: () => Promise<EngineProgress>;
  /** Left out: this process looks at the engines. Else it is told how they are, by who does. */
  readonly looksAtEngines?: boolean;
};

export class LiveService {
  readonly name: string;
  /** All requests of the service, whichever their version: who is at an engine has a place, and so has who waits for one at its version. */
  readonly slots: Slots;
  readonly #surroundings: Surroundings;
  #config: WorkerService | null = null;
  #isDraining = false;
  #versions: readonly LiveVersion[] = [];
  /** Replicas by what they are, so that a new configuration keeps those that it names again, with their connections and state. */
  #replicas = new Map<string, Replica>();

  constructor(name: string, surroundings: Surroundings) {
    this.name = name;
    this.slots = new Slots(name, NO_PLACES);
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
      frameWaitMs: limits.frame_wait_ms,
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

  get isDraining(): boolean {
    return this.#isDraining;
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
      this.#toVersion({ version, before: before.get(version.name), kept }),
    );
    for (const [key, replica] of this.#replicas) if (!kept.has(key)) void replica.close();
    this.#replicas = kept;
    this.#versions = versions;
    this.#config = config;
    this.slots.setLimits(toSlotLimits(config.limits));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#replicas.values()].map((replica) => replica.close()));
  }

  /** The best that any replica can say of itself. */
  get state(): ServiceState['state'] {
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
    const seen = all.every(({ state }) => canServe(state))
      ? {}
      : await this.#surroundings.readProgress();
    const progress: Record<string, string> = {};
    for (const [id, state] of states) {
      const text = canServe(state) ? undefined : seen[id];
      if (text === undefined) continue;
      progress[id] = text;
      states.set(id, 'loading');
    }
    return { state: bestOf([...states.values()]), replicas: Object.fromEntries(states), progress };
  }

  /** Requests at the engines, and those that wait, each once: FastChat's `queue_length`. */
  get queueLength(): number {
    return this.slots.taken + this.slots.waiting;
  }

  /** A version by its weight, among those that can answer. `random` is in [0, 1). */
  chooseVersion(random: number = Math.random()): LiveVersion {
    const version = chooseVersion(this.#versions, random);
    if (version === null) throw new LlmOpsError('internal', `${this.name} has no version`);
    return version;
  }

  /** The version as it is configured by now. One that is gone fails nobody: another takes its place, by weight. */
  versionNow(version: LiveVersion): LiveVersion {
    return this.#versions.find(({ name }) => name === version.name) ?? this.chooseVersion();
  }

  /** The replica that suits the request best, of the version as it is now; null: none can take it. */
  pickReplica(version: LiveVersion, { prompt, except }: ReplicaWish = {}): Replica | null {
    const { replicas, balancer } = this.versionNow(version);
    const able = replicas.filter((replica) => replica !== except && canServe(replica.state));
    const ready = able.filter(({ state }) => state === 'ready');
    const choice = ready.length > 0 ? ready : able;
    // Where there is no choice nothing is computed for it.
    if (replicas.length === 1) return choice[0] ?? null;
    return balancer.choose(choice, prompt ?? null);
  }

  /** As `pickReplica`, but looks once more before it refuses: the last look may be half a second old. */
  async chooseReplica(version: LiveVersion, wish: ReplicaWish = {}): Promise<Replica> {
    const best = this.pickReplica(version, wish);
    if (best !== null) return best;
    await Promise.all(this.versionNow(version).replicas.map((replica) => replica.probe()));
    const found = this.pickReplica(version, wish);
    if (found === null) throw await this.notReady();
    return found;
  }

  /** What a failed request to a replica means: one whose engine is gone is told with its state, and the state is corrected. */
  async explain(seat: Pick<Seat, 'lost'>, error: unknown): Promise<unknown> {
    if (!(error instanceof LlmOpsError) || error.code !== 'engine_unavailable') return error;
    await seat.lost();
    return this.notReady();
  }

  /** The refusal that says what the engine is doing. */
  async notReady(): Promise<LlmOpsError> {
    return notReady(this.name, await this.describe());
  }

  #toVersion(parts: {
    version: WorkerVersion;
    before: LiveVersion | undefined;
    kept: Map<string, Replica>;
  }): LiveVersion {
    const { version, before, kept } = parts;
    const limits = toSlotLimits(version.limits);
    const slots = before?.slots ?? new Slots(`${this.name}, version ${version.name}`, limits);
    slots.setLimits(limits);
    const replicas = version.replicas.map((config) => {
      const key = JSON.stringify([config, version.limits.idle_timeout_ms]);
      const replica = this.#replicas.get(key) ?? kept.get(key) ?? this.#open(version, config);
      kept.set(key, replica);
      return replica;
    });
    const { name, weight, template, allow_control_tokens: allowControlTokens } = version;
    const balancer = before?.balancer ?? new Balancer<Replica>();
    return { name, weight, template, allowControlTokens, slots, balancer, replicas };
  }

  #open(version: WorkerVersion, config: WorkerVersion['replicas'][number]): Replica {
    const replica = new Replica(config, {
      idleTimeoutMs: version.limits.idle_timeout_ms,
      onChange: this.#surroundings.onReplicaChange,
      before: [...this.#replicas.values()].find(({ config: { url } }) => url === config.url),
    });
    if (this.#surroundings.looksAtEngines !== false) replica.watch();
    return replica;
  }
}

/** Until it is configured. */
const NO_PLACES: SlotLimits = { concurrency: 0, queueLength: 0, queueTimeoutMs: 1 };

function toSlotLimits(limits: {
  readonly concurrency: number | null;
  readonly queue_length: number;
  readonly queue_timeout_ms: number;
}): SlotLimits {
  return {
    concurrency: limits.concurrency ?? Infinity,
    queueLength: limits.queue_length,
    queueTimeoutMs: limits.queue_timeout_ms,
  };
}
