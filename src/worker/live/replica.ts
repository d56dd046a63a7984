/** One engine as the worker sees it: its adapter, what is known of its health, and how much is under way there. */
import type { WorkerReplica } from '../../config/worker-config.ts';
import type { DeltaSink, Engine } from '../../engines/engine.ts';
import { openEngine } from '../../engines/open-engine.ts';
import { sendCanary } from '../balance/health/canary.ts';
import { toHealthEvent } from '../balance/health/engine-fault.ts';
import { isEjected, nextHealth, UNKNOWN } from '../balance/health.ts';
import type { Health, HealthEvent, ReplicaState } from '../balance/health.ts';
import { ProgressWatch } from '../balance/health/progress-watch.ts';
import { visitEngine } from '../balance/health/visit.ts';
import type { VisitEnd } from '../balance/health/visit.ts';

/** While it is not ready a replica is asked often, so that the first request finds it soon. */
const PROBE_EVERY_MS = { ready: 5_000, other: 500 };

/** A busy engine lets even one token wait for its turn. */
const CANARY_TIMEOUT_MS = 10_000;

/** A replica as a request knows it. */
export type Seat = Pick<Replica, 'id' | 'serve'> & {
  readonly engine: Engine;
  /** The request found that nothing listens: the state says so when it returns, or resolves. */
  lost(): void | Promise<void>;
};

export class Replica {
  readonly id: string;
  readonly config: WorkerReplica;
  readonly engine: Engine;
  #inFlight = 0;
  #onIdle: () => void = () => undefined;
  #health: Health;
  /** The state that was told last: what was taken over from another is told once it is seen here. */
  #told: ReplicaState = UNKNOWN.state;
  #probing: Promise<ReplicaState> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #hasCanary = false;
  /** The watch's count at the last look. */
  #progressSeen = 0;
  readonly #watch: ProgressWatch;
  readonly #closed = new AbortController();
  readonly #onChange: (replica: Replica) => void;

  /** `before`: the one that it takes the place of, at the same engine. What is known of that is known. */
  constructor(
    config: WorkerReplica,
    options: {
      readonly idleTimeoutMs: number;
      readonly onChange?: (replica: Replica) => void;
      readonly before?: Replica | undefined;
    },
  ) {
    this.id = config.id;
    this.config = config;
    this.#health = options.before === undefined ? UNKNOWN : options.before.#health;
    this.engine = openEngine(config, options.idleTimeoutMs);
    this.#onChange = options.onChange ?? (() => undefined);
    this.#watch = new ProgressWatch({
      limitMs: options.idleTimeoutMs,
      onSilence: () => {
        this.#learn({ kind: 'stalled' });
        void this.probe();
      },
    });
  }

  get state(): ReplicaState {
    return this.#health.state;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Counts a request in, until the function that it returns is called once. */
  enter(): () => void {
    this.#inFlight += 1;
    return () => {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#onIdle();
    };
  }

  /**
   * Counts a request for text in while `act` runs, which gives what the engine sends to the sink that it gets, and learns from how that
   * ends. Resolves and rejects as `act` does. What is under way goes on, whatever becomes of the replica.
   */
  async serve(
    { sink, signal }: { readonly sink: DeltaSink; readonly signal: AbortSignal },
    act: (sink: DeltaSink) => Promise<void>,
  ): Promise<void> {
    const leave = this.enter();
    try {
      const call = { sink, signal, watch: this.#watch };
      await visitEngine(call, act, (end) => this.learnFrom(end));
    } finally {
      leave();
    }
  }

  /** What comes of the requests: for who brings some that `serve` does not see. */
  get progress(): ProgressWatch {
    return this.#watch;
  }

  /** What the end of a request says of the engine. */
  learnFrom(end: VisitEnd): void {
    if (end.kind === 'answered') {
      this.#learn(end);
      return;
    }
    const event = toHealthEvent(end, end);
    if (event !== null) this.#learn(event);
    // An engine that is only busy has no time for looks either.
    if (end.code !== 'overloaded') void this.probe();
  }

  /** What somebody else knows of the engine, who looks at it. */
  follow(state: ReplicaState): void {
    this.#health = { ...this.#health, state };
  }

  /** Starts to look at the engine every now and then. */
  watch(): void {
    void this.probe();
  }

  /** Looks at the engine now. Those who ask at the same time share one look. */
  probe(): Promise<ReplicaState> {
    this.#probing ??= this.#look().finally(() => {
      this.#probing = null;
    });
    return this.#probing;
  }

  /** What a failed request told: the engine is gone, whatever the last look said. */
  lost(): void {
    this.#learn({ kind: 'lost' });
    void this.probe();
  }

  /** Stops looking, and takes part in nothing new. Requests that are under way end by themselves, however often they still ask the engine. */
  async close(): Promise<void> {
    this.#closed.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#health = { ...this.#health, state: 'down' };
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await this.engine.close();
  }

  async #look(): Promise<ReplicaState> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    const seen = await this.engine.probe(this.#closed.signal);
    if (this.#closed.signal.aborted) return this.state;
    const hasProgressed = this.#watch.count !== this.#progressSeen;
    this.#progressSeen = this.#watch.count;
    this.#learn({ kind: 'looked', seen, hasProgressed });
    if (seen === 'ready') this.#tryCanary();
    this.#timer = setTimeout(
      () => void this.probe(),
      this.state === 'ready' ? PROBE_EVERY_MS.ready : PROBE_EVERY_MS.other,
    );
    this.#timer.unref();
    return this.state;
  }

  /** Nobody waits for it: looks go on meanwhile. */
  #tryCanary(): void {
    const { state, canaryAtMs } = this.#health;
    if (!isEjected(state) || this.#hasCanary || performance.now() < canaryAtMs) return;
    this.#hasCanary = true;
    const timeout = AbortSignal.timeout(CANARY_TIMEOUT_MS);
    void sendCanary(this.engine, AbortSignal.any([this.#closed.signal, timeout])).then((isWell) => {
      this.#hasCanary = false;
      if (isWell) this.#watch.progressed();
      this.#learn({ kind: 'canary', isWell });
    });
  }

  #learn(event: HealthEvent): void {
    if (this.#closed.signal.aborted) return;
    this.#health = nextHealth(this.#health, event, performance.now());
    if (this.state === this.#told) return;
    this.#told = this.state;
    this.#onChange(this);
  }
}
