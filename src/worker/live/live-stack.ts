/** All services of this process, by name: the one owner of what the configuration says now. */
import type { WorkerConfig } from '../../config/worker-config.ts';
import { LlmOpsError } from '../../errors.ts';
import { LiveService } from './live-service.ts';
import type { Surroundings } from './live-service.ts';

export class LiveStack {
  readonly #surroundings: Surroundings;
  #role: WorkerConfig['role'] = 'worker';
  #services = new Map<string, LiveService>();
  #isDraining = false;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  get role(): WorkerConfig['role'] {
    return this.#role;
  }

  /** The process is about to end: it serves who comes, and tells everybody who asks to go elsewhere. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  drain(): void {
    this.#isDraining = true;
    for (const service of this.services) service.drain();
  }

  get services(): readonly LiveService[] {
    return [...this.#services.values()];
  }

  /** Swaps to a new configuration. */
  configure(config: WorkerConfig): void {
    const before = this.#services;
    this.#role = config.role;
    this.#services = new Map(
      config.services.map((service) => {
        const live = before.get(service.name) ?? new LiveService(service.name, this.#surroundings);
        live.configure(service);
        return [service.name, live];
      }),
    );
    for (const [name, service] of before) if (!this.#services.has(name)) void service.close();
  }

  /** A service by its name in the address; the only one, where addresses have none. */
  service(name: string | undefined): LiveService {
    if (name === undefined) {
      const [only] = this.#services.values();
      if (only !== undefined) return only;
    } else {
      const service = this.#services.get(name);
      if (service !== undefined) return service;
    }
    throw this.unknown(name ?? '');
  }

  /** Whether it is served from here, not by a worker of its own. */
  serves(service: LiveService): boolean {
    return this.#role === 'worker' || service.worker === null;
  }

  find(name: string): LiveService | null {
    return this.#services.get(name) ?? null;
  }

  unknown(name: string): LlmOpsError {
    const services = [...this.#services.keys()].sort();
    return new LlmOpsError('unknown_service', `there is no service "${name}"`, {
      hint:
        services.length > 0
          ? `the services are ${services.join(', ')}`
          : 'no service is configured',
      details: { services },
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.services.map((service) => service.close()));
  }
}
