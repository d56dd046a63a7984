/**
 * The worker program. Reads LLM_OPS_WORKER_CONFIG (directory), LLM_OPS_HOST (127.0.0.1), LLM_OPS_PORT (8000), LLM_OPS_LOG_LEVEL (info)
 * and LLM_OPS_DRAIN_MS (30000). SIGTERM and SIGINT drain it. Started with an IPC channel, it ends when its parent does.
 */
import { LlmOpsError } from '../errors.ts';
import { openLog } from './http/log-destination.ts';
import { serveWorker } from './serve.ts';

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

const configDirectory = env['LLM_OPS_WORKER_CONFIG'];
if (configDirectory === undefined) {
  fail(
    new LlmOpsError(
      'config_invalid',
      'LLM_OPS_WORKER_CONFIG has to name the directory of worker.json',
    ),
  );
}

const log = openLog();
const worker = await serveWorker({
  configDirectory,
  host: env['LLM_OPS_HOST'] ?? '127.0.0.1',
  port: wholeNumber('LLM_OPS_PORT', 8000),
  logLevel: env['LLM_OPS_LOG_LEVEL'] ?? 'info',
  log,
  drainMs: wholeNumber('LLM_OPS_DRAIN_MS', 30_000),
}).catch(fail);

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
