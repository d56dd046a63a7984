/** A worker before several engines of one service. */
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { ask } from '../worker-harness.ts';

export type ReplicatedVersion = {
  readonly name?: string;
  readonly weight?: number;
  /** One a replica; its id is `engine-<n>`, by its place here. */
  readonly urls: readonly string[];
  readonly concurrency?: number;
  readonly idleTimeoutMs?: number;
};

/** One service `m`, without templates. */
export function replicated(...versions: readonly ReplicatedVersion[]): WorkerConfigInput {
  return {
    role: 'worker',
    services: [
      {
        name: 'm',
        versions: versions.map(
          ({
            name = 'default',
            weight = 100,
            urls,
            concurrency = 1024,
            idleTimeoutMs = 60_000,
          }) => ({
            name,
            weight,
            template: null,
            limits: { concurrency, idle_timeout_ms: idleTimeoutMs },
            replicas: urls.map((url, n) => ({
              id: `engine-${n}`,
              url,
              engine: 'sim',
              model: null,
            })),
          }),
        ),
      },
    ],
  };
}

/** The word for the state of each replica, as a refusal would tell them; null: the service is ready. */
export async function stateOf(worker: { readonly url: string }): Promise<unknown> {
  return (await ask(`${worker.url}/worker_status`)).json['state'];
}

/** Faults of a simulator from now on. */
export async function setFaults(url: string, faults: object): Promise<void> {
  const { status, text } = await ask(`${url}/sim/faults`, { body: faults });
  if (status !== 200) throw new Error(text);
}
