/** The product's programs as processes of their own, as in life. Each ends with its test, and with the test's own process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WORKER_NODE_FLAGS, workerCompileCache } from '../../../src/config/worker-config.ts';
import type { WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { getJson } from './client/json-client.ts';
import { until } from './until.ts';

const SIMULATOR = fileURLToPath(new URL('../../../src/engine-server/main.ts', import.meta.url));
const WORKER = fileURLToPath(new URL('../../../src/worker/main.ts', import.meta.url));

export type Program = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it in whatever it does, and resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Resolves when it is gone, whoever ended it. */
  readonly ended: Promise<void>;
};

/** Flags as in `--itl-ms 20`, without their dashes: `{ 'itl-ms': 20 }`. */
export type SimulatorFlags = Readonly<Record<string, string | number>>;

/** Listens when it resolves. Without a `port` it takes a free one. */
export async function startSimulator(t: TestContext, flags: SimulatorFlags): Promise<Program> {
  const port = Number(flags['port'] ?? (await freePort()));
  const all = Object.entries({ ...flags, port }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  const program = start(t, { file: SIMULATOR, argv: all, env: {}, port });
  await until('the simulator answers', () => isOk(`${program.url}/health`));
  return program;
}

export type WorkerProgram = Program & {
  /** Replaces the configuration as the planner does: by rename. */
  readonly configure: (config: WorkerConfigInput) => Promise<void>;
};

/** Every replica is ready when it resolves. */
export async function startWorker(
  t: TestContext,
  config: WorkerConfigInput,
): Promise<WorkerProgram> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-load-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const configure = async (next: WorkerConfigInput): Promise<void> => {
    await writeFile(join(directory, 'next'), JSON.stringify(next));
    await rename(join(directory, 'next'), join(directory, 'worker.json'));
  };
  await configure(config);
  const port = await freePort();
  const env = {
    NODE_COMPILE_CACHE: workerCompileCache(WORKER),
    LLM_OPS_WORKER_CONFIG: directory,
    LLM_OPS_PORT: String(port),
    LLM_OPS_LOG_LEVEL: 'silent',
  };
  const program = start(t, { file: WORKER, argv: [], flags: WORKER_NODE_FLAGS, env, port });
  await until('the worker is ready', () => isOk(`${program.url}/ready`));
  return { ...program, configure };
}

type Start = {
  readonly file: string;
  readonly argv: readonly string[];
  /** Node's own. */
  readonly flags?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
};

function start(t: TestContext, { file, argv, flags = [], env, port }: Start): Program {
  const child = spawn(process.execPath, [...flags, file, ...argv], {
    // Both programs end when whoever started them over IPC is gone.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  });
  const ended = once(child, 'exit').then(() => undefined);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  return { url: `http://127.0.0.1:${port}`, port, pid: pidOf(child), kill, ended };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the program did not start');
  return pid;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isOk(url: string): Promise<boolean> {
  return getJson(url).then(
    () => true,
    () => false,
  );
}
