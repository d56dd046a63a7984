/** A real worker in front of real simulators, in this process, for tests to talk to over HTTP. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { WorkerConfigInput, WorkerTemplate } from '../../src/config/worker-config.ts';
import { serveEngine } from '../../src/engine-server/serve.ts';
import { loadTemplates } from '../../src/prompts/load-templates.ts';
import { serveWorker } from '../../src/worker/serve.ts';
import type { WorkerOptions } from '../../src/worker/serve.ts';

import { startWorkerProgram } from './worker-program.ts';

type EngineOptions = Parameters<typeof serveEngine>[0];
export type Engine = Awaited<ReturnType<typeof serveEngine>>;

export async function startEngine(
  t: TestContext,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const engine = await serveEngine({ port: 0, ttftMs: 0, itlMs: 0, ...options });
  t.after(() => engine.close());
  return engine;
}

export type RunningWorker = {
  readonly url: string;
  /** Replaces the configuration as the planner does: by rename. */
  readonly configure: (config: WorkerConfigInput) => Promise<void>;
  readonly close: () => Promise<void>;
  /** What it was started with, for a second one. */
  readonly options: WorkerOptions;
};

/** `LLM_OPS_TEST_WORKERS=3` puts workers of so many processes in the place of those in this process. */
const PROCESSES = Number(process.env['LLM_OPS_TEST_WORKERS'] ?? 1);

export async function startWorker(
  t: TestContext,
  config: WorkerConfigInput,
  options: { readonly drainMs?: number } = {},
): Promise<RunningWorker> {
  if (PROCESSES > 1) return startWorkerProgram(t, config, { processes: PROCESSES, ...options });
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-worker-'));
  const configure = async (next: WorkerConfigInput): Promise<void> => {
    await writeFile(join(directory, 'next'), JSON.stringify(next));
    await rename(join(directory, 'next'), join(directory, 'worker.json'));
  };
  await configure(config);
  const workerOptions = {
    configDirectory: directory,
    host: '127.0.0.1',
    port: 0,
    logLevel: 'silent',
    drainMs: options.drainMs ?? 0,
  };
  const worker = await serveWorker(workerOptions);
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => (closing ??= worker.close());
  t.after(async () => {
    await close();
    await rm(directory, { recursive: true, force: true });
  });
  return { url: worker.url, configure, close, options: workerOptions };
}

const templates = await loadTemplates(join(import.meta.dirname, '../../templates/conversations'));

/** One of the product's own. */
export function named(name: string): WorkerTemplate {
  const conversation = templates.get(name);
  if (conversation === undefined) throw new Error(`there is no template ${name}`);
  return { kind: 'conversation', conversation };
}

/** A worker configuration with one service on one simulator, as the tests mostly want it. */
export function oneService(
  name: string,
  engineUrl: string,
  options: {
    readonly template?: string | null;
    readonly concurrency?: number;
    readonly idleTimeoutMs?: number;
    readonly role?: 'worker' | 'gateway';
  } = {},
): WorkerConfigInput {
  const { template = 'llama-2', concurrency = 1024, idleTimeoutMs = 60_000 } = options;
  const replica = { id: `${name}-engine-0`, url: engineUrl, engine: 'sim', model: null } as const;
  return {
    role: options.role ?? 'worker',
    services: [
      {
        name,
        versions: [
          {
            template: template === null ? null : named(template),
            limits: { concurrency, idle_timeout_ms: idleTimeoutMs },
            replicas: [replica],
          },
        ],
      },
    ],
  };
}

export type HttpReply = {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  readonly json: Record<string, unknown>;
};

/** One request on a connection of its own. `onData` may leave early by destroying the request. */
export function ask(
  url: string,
  options: {
    readonly method?: string;
    readonly body?: unknown;
    readonly raw?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly onData?: (bytes: Buffer, leave: () => void) => void;
  } = {},
): Promise<HttpReply> {
  const body =
    options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  return new Promise((resolve, reject) => {
    const request = http.request(
      url,
      {
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        agent: false,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        const leave = (): void => {
          request.destroy();
          finish();
        };
        const finish = (): void => {
          const bytes = Buffer.concat(chunks);
          const { statusCode: status = 0, headers } = response;
          const text = bytes.toString('utf8');
          resolve({
            status,
            headers,
            bytes,
            text,
            get json() {
              return JSON.parse(text) as Record<string, unknown>;
            },
          });
        };
        response.on('data', (bytes: Buffer) => {
          chunks.push(bytes);
          options.onData?.(bytes, leave);
        });
        response.on('end', finish);
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

export type Frame = {
  readonly text: string;
  readonly error_code: number;
  readonly usage: Readonly<Record<string, number>>;
  readonly finish_reason: string | null;
  readonly error?: { readonly code: string };
};

/** Splits a stream at its NULs, as the documentation's clients do. Throws when it does not end with one. */
export function toFrames(reply: HttpReply): readonly Frame[] {
  const parts = reply.text.split('\0');
  if (parts.pop() !== '')
    throw new Error(`the stream does not end with a NUL: ${reply.text.slice(-80)}`);
  return parts.map((part) => JSON.parse(part) as Frame);
}

/** Waits for something that becomes true by itself; the deadline is generous and never a claim about speed. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function simStats(engine: Engine): Promise<Record<string, number>> {
  return (await ask(`${engine.url}/sim/stats`)).json as Record<string, number>;
}
