/** Several simulated engines with prefix caches, and one worker process before them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

import {
  WORKER_CONFIG_FILE,
  WORKER_NODE_FLAGS,
  type WorkerConfigInput,
} from '../../../src/config/worker-config.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { freePort } from '../../harness/free-port.ts';
import { benchCores } from '../../harness/pin.ts';
import { type Spawned, spawnPinned } from '../../harness/spawn.ts';
import type { CacheCounts } from './hit-rate.ts';

const SOURCES = join(import.meta.dirname, '../../../src');
const READY_TIMEOUT_MS = 30_000;

/** The service that has all replicas, and is routed by our policy. */
export const ALL = 'all';
/** A service with one replica alone: whoever takes turns between them routes by himself, through the same program. */
export function onlyReplica(at: number): string {
  return `only-${at}`;
}

export type ReplicasOptions = {
  readonly count: number;
  /** The simulator's flags, without their dashes: `{ 'itl-ms': 5 }`. */
  readonly flags: Readonly<Record<string, number>>;
};

export type Replicas = {
  /** The worker's. */
  readonly port: number;
  /** Of each engine, now. */
  readonly counts: () => Promise<readonly CacheCounts[]>;
  /** Tokens of a text, as the engines count them. */
  readonly countTokens: (text: string) => Promise<number>;
  readonly close: () => Promise<void>;
};

/** All of them answer when it resolves. Throws `start_failed`. */
export async function startReplicas({ count, flags }: ReplicasOptions): Promise<Replicas> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-bench-'));
  const programs: Spawned[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(programs.map((program) => program.close()));
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const urls: string[] = [];
    for (let at = 0; at < count; at += 1) {
      const port = await freePort();
      programs.push(await startSimulator(port, flags));
      urls.push(`http://127.0.0.1:${port}`);
    }
    await Promise.all(urls.map((url) => untilReady(`${url}/health`)));
    await writeFile(join(directory, WORKER_CONFIG_FILE), JSON.stringify(configOf(urls)));
    const port = await freePort();
    programs.push(await startWorker(port, directory));
    await untilReady(`http://127.0.0.1:${port}/ready`);
    return {
      port,
      counts: () => Promise.all(urls.map(readCounts)),
      countTokens: (text) => countTokens(urls[0] ?? '', text),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function startSimulator(port: number, flags: ReplicasOptions['flags']): Promise<Spawned> {
  const all = Object.entries({ ...flags, port });
  const args = all.flatMap(([name, value]) => [`--${name}`, String(value)]);
  return spawnPinned({
    command: process.execPath,
    args: [join(SOURCES, 'engine-server/main.ts'), ...args],
    core: benchCores().bench,
  });
}

function startWorker(port: number, directory: string): Promise<Spawned> {
  return spawnPinned({
    command: process.execPath,
    args: [...WORKER_NODE_FLAGS, join(SOURCES, 'worker/main.ts')],
    core: benchCores().target,
    env: {
      LLM_OPS_WORKER_CONFIG: directory,
      LLM_OPS_PORT: String(port),
      LLM_OPS_DRAIN_MS: '0',
    },
  });
}

/** One worker process for both ways of routing: a gateway has as many services as one likes. */
function configOf(urls: readonly string[]): WorkerConfigInput {
  const replicas = urls.map((url, at) => ({
    id: `engine-${at}`,
    url,
    engine: 'sim' as const,
    model: null,
  }));
  const service = (name: string, some: typeof replicas) => ({
    name,
    versions: [{ template: null, replicas: some }],
  });
  return {
    role: 'gateway',
    services: [
      service(ALL, replicas),
      ...replicas.map((replica, at) => service(onlyReplica(at), [replica])),
    ],
  };
}

const Stats = z.object({ prefix_cache_queries: z.number(), prefix_cache_hits: z.number() });

async function readCounts(url: string): Promise<CacheCounts> {
  const reply = await fetch(`${url}/sim/stats`);
  const stats = Stats.parse(await reply.json());
  return { queries: stats.prefix_cache_queries, hits: stats.prefix_cache_hits };
}

async function countTokens(url: string, prompt: string): Promise<number> {
  const body = JSON.stringify({ prompt });
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${url}/tokenize`, { method: 'POST', headers, body });
  return z.object({ count: z.number() }).parse(await reply.json()).count;
}

async function untilReady(url: string): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const isReady = await fetch(url).then(
      async (reply) => {
        await reply.arrayBuffer();
        return reply.status === 200;
      },
      () => false,
    );
    if (isReady) return;
    if (performance.now() > deadlineMs)
      throw new LlmOpsError('start_failed', `${url} does not answer`);
    await sleep(20);
  }
}
