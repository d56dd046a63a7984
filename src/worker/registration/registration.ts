/**
 * One service at one controller: known there as long as an engine is ready. A loop does one step after the other, each of which asks what
 * holds now; it sleeps between two heart beats, and is woken when an engine comes or goes.
 */
import type { ControllerRegistration } from '../../config/worker-config.ts';
import { LONGEST_TIMER_MS } from '../longest-timer.ts';
import { openController } from './controller-client.ts';
import type { ControllerClient } from './controller-client.ts';

/** As FastChat's own workers do. */
const RETRY_MS = 5_000;
/** For the controller to look at its workers before we are gone. If it takes longer, it finds nobody, which is as good. */
const FAREWELL_MS = 2_000;

/** unknown: the controller forgot us, or took the registration and knows nothing of it. unreachable: it did not answer as it should. */
export type RegistrationState = 'known' | 'unknown' | 'unreachable' | 'left';

export type RegistrationEvent = {
  readonly service: string;
  readonly controller: string;
  readonly state: RegistrationState;
  /** Why it is unreachable. */
  readonly reason?: string;
};

/** What a registration has to know of its service. */
export type Registrable = {
  readonly name: string;
  /** Of the best replica: only `ready` counts. */
  readonly state: string;
  readonly queueLength: number;
};

export type RegistrationOptions = {
  readonly service: Registrable;
  readonly config: ControllerRegistration;
  /** Called when the state changes, not at each failure. */
  readonly onChange: (event: RegistrationEvent) => void;
  readonly retryMs?: number;
  readonly timeoutMs?: number;
};

export class Registration {
  readonly #options: RegistrationOptions;
  readonly #controller: ControllerClient;
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  #state: RegistrationState | null = null;
  /** maybe: a registration is on its way, or no engine was ready for a moment, in which a refresh may have dropped us. */
  #isKnown: 'yes' | 'maybe' | 'no' = 'no';
  #wake: () => void = () => undefined;

  constructor(options: RegistrationOptions) {
    const { service, config, timeoutMs } = options;
    this.#options = options;
    this.#controller = openController(
      {
        url: config.url,
        workerAddress: config.worker_address,
        model: service.name,
        ...(timeoutMs !== undefined && { timeoutMs }),
      },
      this.#closed.signal,
    );
    this.#running = this.#run();
  }

  /** An engine may have come or gone. */
  look(): void {
    if (!this.#isReady && this.#isKnown === 'yes') this.#isKnown = 'maybe';
    this.#wake();
  }

  /**
   * Stops the heart beats, and makes the controller look whether the worker still answers: whoever wants to be forgotten lets its status
   * fail before. Best effort within two seconds; never rejects.
   */
  async leave(): Promise<void> {
    this.#closed.abort();
    // It may be asleep; a request under way ends by the signal.
    this.#wake();
    await this.#running;
    if (this.#isKnown === 'no') return;
    const { config, service } = this.#options;
    const facts = { url: config.url, workerAddress: config.worker_address, model: service.name };
    const farewell = AbortSignal.timeout(FAREWELL_MS);
    await openController(facts, farewell)
      .refresh()
      .catch(() => undefined);
    this.#tell('left');
  }

  get #isReady(): boolean {
    return this.#options.service.state === 'ready';
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      const restMs = await this.#step().catch((error: unknown) => {
        if (!signal.aborted) this.#tell('unreachable', reasonOf(error));
        return this.#options.retryMs ?? RETRY_MS;
      });
      await sleepUntil(woken, restMs);
    }
  }

  /** Returns how long there is nothing to do unless something changes, in milliseconds; null: for ever. */
  async #step(): Promise<number | null> {
    const { service, config, retryMs = RETRY_MS } = this.#options;
    if (!this.#isReady) {
      if (this.#isKnown === 'no') return null;
      // Its own status fails now, so it is dropped, and nobody is sent to an engine that is not there.
      this.#isKnown = 'no';
      await this.#controller.refresh();
      this.#tell('left');
      return null;
    }
    const isNew = this.#isKnown !== 'yes';
    if (isNew) {
      this.#isKnown = 'maybe';
      await this.#controller.register(service.queueLength);
      this.#isKnown = 'yes';
    }
    // The answer to a registration says nothing. That to a heart beat does.
    if (await this.#controller.beat(service.queueLength)) {
      this.#tell('known');
      return config.heart_beat_ms;
    }
    this.#isKnown = 'no';
    this.#tell('unknown');
    // One that was started anew is told again at once.
    return isNew ? retryMs : 0;
  }

  #tell(state: RegistrationState, reason?: string): void {
    if (state === this.#state) return;
    this.#state = state;
    const { service, config, onChange } = this.#options;
    onChange({
      service: service.name,
      controller: config.url,
      state,
      ...(reason !== undefined && { reason }),
    });
  }
}

/** The timer holds no process. */
async function sleepUntil(woken: Promise<void>, restMs: number | null): Promise<void> {
  if (restMs === null) return woken;
  const timer = Promise.withResolvers<null>();
  const timeout = setTimeout(() => timer.resolve(null), Math.min(restMs, LONGEST_TIMER_MS));
  timeout.unref();
  await Promise.race([woken, timer.promise]);
  clearTimeout(timeout);
}

/** The cause of a failed fetch says more than its message, which is always the same. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
