/** Tiny programs in the place of the engines and the gateway, plans that name them, and a way to wait. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { NO_LIMITS } from '../../src/config/to-stack-config.ts';
import { AUTO } from '../../src/config/values/template-choice.ts';
import { createLocalRuntime, type LocalRuntime } from '../../src/local/local-runtime.ts';
import { takeFreePort } from '../../src/local/process/free-port.ts';
import type { Timing } from '../../src/local/timing.ts';
import type { EnginePlan, ServicePlan, StackPlan } from '../../src/plan/stack-plan.ts';

const PRODUCT_ROOT = join(import.meta.dirname, '../..');

export const FAST: Timing = {
  firstPauseMs: 10,
  maxPauseMs: 50,
  resetAfterMs: 60_000,
  graceMs: 500,
  pollMs: 20,
  // Long: every stand-in either listens or ends, and neither may be missed on a slow machine.
  settleMs: 20_000,
  startTimeoutMs: 30_000,
  lookMs: 20,
};

/**
 * Answers with what it was started with; `/crash` ends it with 7, the argument `--fail` with 3 before it listens. With `--load` it loads
 * until `/finish` is asked for.
 */
const ENGINE = `
import { createServer } from 'node:http';
const args = process.argv.slice(2);
if (args.includes('--fail')) { console.error('no such model'); process.exit(3); }
process.on('disconnect', () => process.exit(0));
console.log('engine up');
let loading = args.includes('--load');
if (loading) console.log('loading the model, 40 %');
createServer((request, response) => {
  if (request.url === '/crash') process.exit(7);
  if (request.url === '/finish') loading = false;
  if (request.url === '/health' && loading) response.statusCode = 503;
  response.end(JSON.stringify({ pid: process.pid, args, color: process.env.COLOR ?? null, token: process.env.TOKEN ?? null }));
}).listen(Number(args[args.indexOf('--port') + 1]), '127.0.0.1');
`;

/** Answers with the configuration that it would serve. */
const WORKER = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
const { LLM_OPS_WORKER_CONFIG, LLM_OPS_HOST, LLM_OPS_PORT } = process.env;
const read = () => readFileSync(LLM_OPS_WORKER_CONFIG + '/worker.json', 'utf8');
read();
process.on('disconnect', () => process.exit(0));
createServer((request, response) => {
  if (request.url === '/crash') process.exit(9);
  response.end(read());
}).listen(Number(LLM_OPS_PORT), LLM_OPS_HOST);
`;

/** In the place of a program that is not ours: no IPC, deaf to SIGTERM, and with a helper process as engines have them. */
const VLLM = `#!${process.execPath}
const { spawn } = require('node:child_process');
const { createServer } = require('node:http');
process.on('SIGTERM', () => {});
const helper = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
const args = process.argv.slice(2);
createServer((request, response) => {
  if (request.url === '/crash') process.exit(7);
  response.end(JSON.stringify({ pid: process.pid, helper: helper.pid, args, gpus: process.env.CUDA_VISIBLE_DEVICES ?? null }));
}).listen(Number(args[args.indexOf('--port') + 1]), '127.0.0.1');
`;

export type Bench = {
  readonly runtime: LocalRuntime;
  /** The stack's state directory, and the `.llm-ops` that it lies in. */
  readonly directory: string;
  readonly parent: string;
  readonly httpPort: number;
  plan(services: readonly ServicePlan[], httpPort?: number): StackPlan;
  /** Another command line for the same stack, with other variables. */
  runtimeWith(env: Readonly<Record<string, string | undefined>>): LocalRuntime;
};

/** Gives a test a stack of its own, and ends and removes all of it afterwards, whatever the test did. */
export async function withBench(
  test: (bench: Bench) => Promise<void>,
  timing: Partial<Timing> = {},
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'local-runtime-'));
  const programs = {
    engineServer: join(root, 'engine.mjs'),
    worker: join(root, 'worker.mjs'),
    llama: join(root, 'engine.mjs'),
  };
  const bin = join(root, 'bin');
  mkdirSync(bin);
  writeFileSync(programs.engineServer, ENGINE);
  writeFileSync(programs.worker, WORKER);
  writeFileSync(join(bin, 'vllm'), VLLM);
  chmodSync(join(bin, 'vllm'), 0o755);
  const parent = join(root, '.llm-ops');
  const directory = join(parent, 'demo');
  const PATH = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
  const runtimeWith = (env: Readonly<Record<string, string | undefined>>): LocalRuntime =>
    createLocalRuntime({
      ...{
        name: 'demo',
        directory,
        productRoot: PRODUCT_ROOT,
        programs,
        timing: { ...FAST, ...timing },
        machine: { platform: 'linux', arch: 'x64', isGlibc: true },
      },
      // Nothing is ever looked for, or put, where this user keeps what is fetched.
      env: { PATH, XDG_CACHE_HOME: join(root, 'cache'), ...env },
    });
  const runtime = runtimeWith({});
  const httpPort = await takeFreePort(new Set());
  try {
    await test({
      runtime,
      directory,
      parent,
      httpPort,
      plan: (services, port = httpPort) => ({
        name: 'demo',
        gateway: {
          ...{ domain: null, listen: '127.0.0.1', httpPort: port, httpsPort: 8443 },
          tls: { kind: 'off' },
        },
        services,
        templates: null,
        warnings: [],
      }),
      runtimeWith,
    });
  } finally {
    await runtime.remove({ report: () => undefined, volumes: false });
    rmSync(root, { recursive: true, force: true });
  }
}

export function enginePlan(changes: Partial<EnginePlan> = {}): EnginePlan {
  return {
    ...{
      kind: 'sim',
      source: null,
      image: null,
      args: [],
      env: {},
      port: 8000,
      gpus: [],
      volumes: [],
    },
    resources: { cpu: null, memoryBytes: null, shmBytes: null },
    idleUnloadS: null,
    ...changes,
  };
}

export function servicePlan(
  name: string,
  engine: EnginePlan | { readonly url: string },
): ServicePlan {
  return {
    ...{ name, slug: name, model: name, template: { choice: AUTO, chosen: null } },
    engine: 'url' in engine ? 'openai' : engine.kind,
    ...{ worker: `${name}-worker`, workerHost: `${name}-worker` },
    ...{ controller: null, limits: NO_LIMITS, workers: 1 },
    replicas: [{ id: `${name}-engine-0`, host: `${name}-engine-0`, engine }],
  };
}

/** Asks again and again until there is an answer other than null; the deadline is only for what never comes. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null> | T | null,
): Promise<T> {
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== null) return answer;
    await sleep(20);
  }
  return assert.fail(`never happened: ${what}`);
}

/** null: nothing listens there. */
export async function ask(port: number, path = '/'): Promise<Record<string, unknown> | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, {
      headers: { connection: 'close' },
    });
    return (await response.json()) as Record<string, unknown>;
  } catch {
    return null;
  }
}
