/** The worker of the product, in this process, before an engine: the way in which our users meet it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { serveWorker } from '../../../src/worker/serve.ts';
import type { RunningEngine } from '../engines/engine-under-test.ts';
import { until } from '../../worker/worker-harness.ts';

export const SERVICE = 'contract';

/** Resolves when the worker has seen that the engine is ready. The service has no template: the engine renders conversations. */
export async function serveBehindWorker(
  engine: RunningEngine,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-contract-'));
  await writeFile(join(directory, 'worker.json'), JSON.stringify(toConfig(engine)));
  const worker = await serveWorker({
    configDirectory: directory,
    host: '127.0.0.1',
    port: 0,
    logLevel: 'silent',
    drainMs: 0,
  });
  await until('the worker sees the engine', async () => {
    return (await fetch(`${worker.url}/ready`)).status === 200;
  });
  return {
    url: worker.url,
    close: async () => {
      await worker.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function toConfig({ url, kind, model }: RunningEngine): WorkerConfigInput {
  const replica = { id: `${SERVICE}-engine-0`, url, engine: kind, model };
  const version = { template: null, limits: { idle_timeout_ms: 60_000 }, replicas: [replica] };
  return { role: 'worker', services: [{ name: SERVICE, versions: [version] }] };
}
