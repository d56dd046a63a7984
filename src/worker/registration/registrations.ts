/** The registrations of all services of this process, which follow the configuration. */
import type { ControllerRegistration } from '../../config/worker-config.ts';
import { Registration } from './registration.ts';
import type { Registrable, RegistrationEvent } from './registration.ts';

/** A service with the controller that is to know it; null: none. */
export type RegisteredService = Registrable & {
  readonly controller: ControllerRegistration | null;
};

export class Registrations {
  readonly #onChange: (event: RegistrationEvent) => void;
  /** By all that makes a registration another one: its service, and its configuration. */
  #open = new Map<string, Registration>();
  #leaving = new Set<Promise<void>>();

  constructor(onChange: (event: RegistrationEvent) => void) {
    this.#onChange = onChange;
  }

  /** Takes over what is configured now: new ones begin, those that are gone say goodbye, the others stay as they are. */
  follow(services: readonly RegisteredService[]): void {
    const before = this.#open;
    this.#open = new Map();
    for (const service of services) {
      const { controller: config } = service;
      if (config === null) continue;
      const key = JSON.stringify([service.name, config]);
      const known = before.get(key);
      before.delete(key);
      this.#open.set(key, known ?? this.#register(service, config));
    }
    for (const registration of before.values()) this.#leave(registration);
    this.look();
  }

  /** An engine may have come or gone. */
  look(): void {
    for (const registration of this.#open.values()) registration.look();
  }

  /** All say goodbye. Never rejects. */
  async close(): Promise<void> {
    this.follow([]);
    await Promise.all(this.#leaving);
  }

  #register(service: RegisteredService, config: ControllerRegistration): Registration {
    return new Registration({ service, config, onChange: this.#onChange });
  }

  #leave(registration: Registration): void {
    const leaving = registration.leave().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}
