/** The worker as a program of its own, started and stopped as a service manager does. */
import { execa } from 'execa';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkerConfigInput } from '../../src/config/worker-config.ts';
import { productRoot } from './shell.ts';

export type WorkerProgram = {
  readonly url: string;
  /** Sends SIGTERM; returns its exit status once it has ended. */
  readonly terminate: () => Promise<number | undefined>;
};

/** Returns when it listens. */
export async function startWorkerProgram(
  config: WorkerConfigInput,
  port: number,
): Promise<WorkerProgram> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-worker-'));
  const draft = join(directory, 'next');
  await writeFile(draft, JSON.stringify(config));
  await rename(draft, join(directory, 'worker.json'));
  const url = `http://127.0.0.1:${port}`;
  const child = execa(process.execPath, [join(productRoot, 'src/worker/main.ts')], {
    env: { LLM_OPS_WORKER_CONFIG: directory, LLM_OPS_PORT: String(port), LLM_OPS_DRAIN_MS: '5000' },
    stdin: 'ignore',
    all: true,
    reject: false,
  });
  const terminate = async (): Promise<number | undefined> => {
    child.kill('SIGTERM');
    const { exitCode } = await child;
    await rm(directory, { recursive: true, force: true });
    return exitCode;
  };
  const deadline = Date.now() + 60_000;
  for (;;) {
    const reply = await fetch(`${url}/health`).catch(() => null);
    await reply?.text();
    if (reply?.status === 200) return { url, terminate };
    if (child.nodeChildProcess.exitCode !== null || Date.now() > deadline) {
      await terminate();
      throw new Error(`the worker does not come up:\n${(await child).all}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
