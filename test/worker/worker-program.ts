/** The worker as a program of several processes, as it is in life. It ends with its test, and with the test's own process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { WORKER_NODE_FLAGS } from '../../src/config/worker-config.ts';
import type { WorkerConfigInput } from '../../src/config/worker-config.ts';

const MAIN = join(import.meta.dirname, '../../src/worker/main.ts');

export type WorkerProgram = {
  readonly url: string;
  readonly pid: number;
  /** Replaces the configuration as the planner does: by rename. */
  readonly configure: (config: WorkerConfigInput) => Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  readonly close: () => Promise<void>;
  /** Closes the IPC channel by which it was started. */
  readonly disconnect: () => void;
  /** Its exit status and signal, once it has ended. */
  readonly ended: Promise<readonly (number | string | null)[]>;
  /** The lines of its log so far. */
  readonly log: readonly string[];
  /** The process ids of its servers now, in the order of their birth. */
  readonly servers: () => Promise<readonly number[]>;
  readonly options: {
    readonly configDirectory: string;
    readonly host: string;
    readonly port: number;
    readonly logLevel: string;
    readonly drainMs: number;
  };
};

/** Resolves when the first of its servers listens. */
export async function startWorkerProgram(
  t: TestContext,
  config: WorkerConfigInput,
  {
    processes,
    drainMs = 0,
    files = {},
    port: wanted = 0,
  }: {
    readonly processes: number;
    readonly drainMs?: number;
    /** Left out: a free one. */
    readonly port?: number;
    /** To lie beside the configuration, by name. */
    readonly files?: Readonly<Record<string, string>>;
  },
): Promise<WorkerProgram> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-worker-'));
  const configure = async (next: WorkerConfigInput): Promise<void> => {
    await writeFile(join(directory, 'next'), JSON.stringify(next));
    await rename(join(directory, 'next'), join(directory, 'worker.json'));
  };
  await configure(config);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const child = spawn(process.execPath, [...WORKER_NODE_FLAGS, MAIN], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      LLM_OPS_WORKER_CONFIG: directory,
      LLM_OPS_PORT: String(wanted),
      LLM_OPS_LOG_LEVEL: 'debug',
      LLM_OPS_DRAIN_MS: String(drainMs),
      LLM_OPS_WORKERS: String(processes),
    },
  });
  const pid = child.pid ?? 0;
  const ended = once(child, 'exit') as Promise<(number | string | null)[]>;
  const close = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  t.after(async () => {
    // A worker that holds an answer back for its reader's sake has no part in what comes after the test.
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
    await rm(directory, { recursive: true, force: true });
  });
  const log: string[] = [];
  const errors: string[] = [];
  const listening = Promise.withResolvers<string>();
  createInterface({ input: child.stderr! }).on('line', (line) => errors.push(line));
  createInterface({ input: child.stdout! }).on('line', (line) => {
    log.push(line);
    const [, url] = /listening at (http:[^"]+)"/.exec(line) ?? [];
    if (url !== undefined) listening.resolve(url);
  });
  void ended.then(() =>
    listening.reject(new Error(`it ended:\n${[...log, ...errors].join('\n')}`)),
  );
  const url = await listening.promise;
  return {
    ...{ url, pid, configure, close, ended, log },
    disconnect: () => child.disconnect(),
    servers: async () => {
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
      return children.trim().split(/\s+/).filter(Boolean).map(Number);
    },
    options: {
      ...{ configDirectory: directory, host: '127.0.0.1', port: 0, logLevel: 'silent', drainMs },
    },
  };
}
