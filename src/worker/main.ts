/**
 * The worker program. Reads LLM_OPS_WORKER_CONFIG (directory), LLM_OPS_HOST (127.0.0.1), LLM_OPS_PORT (8000), LLM_OPS_LOG_LEVEL (info),
 * LLM_OPS_DRAIN_MS (30000) and LLM_OPS_WORKERS (1): how many processes serve, or `auto` for one a core. SIGTERM and SIGINT drain it. Started
 * with an IPC channel, it ends when its parent does.
 */
import { availableParallelism } from 'node:os';
import { LlmOpsError } from '../errors.ts';
import { openLog } from './http/log-destination.ts';
import { serveWorker } from './serve.ts';
import type { RunningWorker, WorkerOptions } from './serve.ts';

/** As many as `workers` in `llm-ops.yml` may ask for. */
const MOST_PROCESSES = 64;

/** What is set to nothing is as if it were not set. */
const settings = Object.entries(process.env).filter(([, value]) => value !== '');
const env: NodeJS.ProcessEnv = Object.fromEntries(settings);

function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`worker: ${message}`);
  process.exit(error instanceof LlmOpsError && error.code === 'config_invalid' ? 2 : 1);
}

function wholeNumber(name: string, otherwise: number): number {
  const text = env[name];
  if (text === undefined) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  return fail(new LlmOpsError('config_invalid', `${name} is "${text}", which is no whole number`));
}

/** One by default: a process more is only worth what it costs where one core is not enough. */
function processCount(): number {
  const text = env['LLM_OPS_WORKERS'];
  if (text === undefined) return 1;
  if (text === 'auto') return Math.min(availableParallelism(), MOST_PROCESSES);
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= MOST_PROCESSES) return count;
  return fail(
    new LlmOpsError(
      'config_invalid',
      `LLM_OPS_WORKERS is "${text}", which is neither "auto" nor a whole number from 1 to ${MOST_PROCESSES}`,
    ),
  );
}

const configDirectory = env['LLM_OPS_WORKER_CONFIG'];
if (configDirectory === undefined) {
  fail(
    new LlmOpsError(
      'config_invalid',
      'LLM_OPS_WORKER_CONFIG has to name the directory of worker.json',
    ),
  );
}

const processes = processCount();
const log = openLog({ isShared: processes > 1 });
const options: WorkerOptions = {
  configDirectory,
  host: env['LLM_OPS_HOST'] ?? '127.0.0.1',
  port: wholeNumber('LLM_OPS_PORT', 8000),
  logLevel: env['LLM_OPS_LOG_LEVEL'] ?? 'info',
  log,
  drainMs: wholeNumber('LLM_OPS_DRAIN_MS', 30_000),
};

/** Who has one process loads nothing that only several need. */
async function serveByMany(): Promise<RunningWorker> {
  const many = await import('./processes/owner/serve-by-many.ts');
  const worker = await many.serveByMany({ ...options, processes });
  // Why is in the log's last lines.
  worker.broken.catch((error: unknown) => log.flush().then(() => fail(error)));
  return worker;
}

const worker = await (processes === 1 ? serveWorker(options) : serveByMany()).catch(fail);

let isStopping = false;
function stop(): void {
  if (isStopping) return;
  isStopping = true;
  worker
    .close()
    .then(() => log.flush())
    .then(() => process.exit(0), fail);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', stop);
