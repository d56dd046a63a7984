/** Names and addresses inside a stack, which several parts share. */

export const WORKER_PORT = 8000;

export const STACK_LABEL = 'llm-ops.stack';
export const SERVICE_LABEL = 'llm-ops.service';
export const ROLE_LABEL = 'llm-ops.role';
export const HASH_LABEL = 'llm-ops.hash';

export type Role = 'engine' | 'worker' | 'gateway' | 'traefik' | 'socket-proxy';

export type Network = 'edge' | 'engines' | 'control';

/** Beside the directories of the services, whose names begin with a letter or digit. */
export const GATEWAY_DIRECTORY = 'workers/_gateway';

/** What Compose calls the Hugging Face token; a container that lists it among its `configs` finds it as a file. */
export const HUB_TOKEN = 'hf_token';
export const HUB_TOKEN_VARIABLE = 'HF_TOKEN';

/** The image that the Dockerfile builds: worker, gateway and simulator. */
export function productImage(version: string): string {
  return `llm-ops:${version}`;
}

/** Where a container finds the configuration that it follows, relative to the Compose file; null: it follows none. */
export function followedDirectory(unit: string): string | null {
  if (unit === 'gateway') return GATEWAY_DIRECTORY;
  // Engines end in their numbers, so whatever ends so is a worker.
  const service = /^(.+)-worker$/.exec(unit)?.[1];
  return service === undefined ? null : workerDirectory(service);
}

/** Where the configuration of a service's worker lies, relative to the Compose file. */
export function workerDirectory(service: string): string {
  return `workers/${service}`;
}
