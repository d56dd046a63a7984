/** A worker of three server processes, all of which listen. */
import type { TestContext } from 'node:test';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { ask, until } from '../worker-harness.ts';
import { startWorkerProgram } from '../worker-program.ts';
import type { WorkerProgram } from '../worker-program.ts';

export const SERVERS = 3;

export async function startThreeServers(
  t: TestContext,
  config: WorkerConfigInput,
  options: { readonly drainMs?: number; readonly files?: Readonly<Record<string, string>> } = {},
): Promise<WorkerProgram> {
  const worker = await startWorkerProgram(t, config, { processes: SERVERS, ...options });
  await until('all listen', () => timesListening(worker) === SERVERS);
  await until('ready', async () => (await ask(`${worker.url}/ready`)).status === 200);
  return worker;
}

/** How often a server began to listen. */
export function timesListening({ log }: Pick<WorkerProgram, 'log'>): number {
  return log.filter((line) => line.includes('Server listening')).length;
}

export type LoggedRequest = Readonly<Record<string, unknown>> & { readonly pid: number };

/** The log's lines of requests for answers, each of which has the process id of its server. */
export function answersLogged({ log }: Pick<WorkerProgram, 'log'>): readonly LoggedRequest[] {
  return log
    .map((line) => JSON.parse(line) as LoggedRequest)
    .filter(({ msg, url }) => msg === 'request' && /worker_generate/.test(String(url)));
}

/** One service `m` before these engines; more of its version and of the service. */
export function serviceOf(
  urls: readonly string[],
  limits: { readonly version?: object; readonly service?: object } = {},
): WorkerConfigInput {
  const { version = {}, service = {} } = limits;
  const replicas = urls.map((url, n) => ({
    ...{ id: `engine-${n}`, url, engine: 'vllm' as const, model: null },
  }));
  return {
    role: 'worker',
    services: [
      { name: 'm', limits: service, versions: [{ template: null, limits: version, replicas }] },
    ],
  };
}
