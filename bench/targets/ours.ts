/** Our worker with everything on: validation, tokens, a conversation template, limits, metrics, and the access log in a file. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WORKER_NODE_FLAGS, workerCompileCache } from '../../src/config/worker-config.ts';
import { VERSION } from '../../src/version.ts';
import { freePort } from '../harness/free-port.ts';
import { writeConfiguration } from './ours/configuration.ts';
import { startProgram } from './program.ts';
import { workerShapes } from './requests/chat-request.ts';
import type { Target } from './target.ts';

const WORKER = join(import.meta.dirname, '../../src/worker/main.ts');

export const ours: Target = {
  name: 'ours',
  version: VERSION,
  start: async ({ engineUrl, core, frameWaitMs }) => {
    const directory = await mkdtemp(join(tmpdir(), 'llm-ops-bench-ours-'));
    const config = join(directory, 'config');
    const token = await writeConfiguration(config, { engineUrl, frameWaitMs });
    const port = await freePort();
    const log = await open(join(directory, 'access.log'), 'a');
    return startProgram({
      name: 'ours',
      command: process.execPath,
      args: [...WORKER_NODE_FLAGS, WORKER],
      env: {
        NODE_ENV: 'production',
        NODE_COMPILE_CACHE: workerCompileCache(WORKER),
        LLM_OPS_WORKER_CONFIG: config,
        LLM_OPS_HOST: '127.0.0.1',
        LLM_OPS_PORT: String(port),
        LLM_OPS_LOG_LEVEL: 'info',
        LLM_OPS_DRAIN_MS: '0',
      },
      stdio: ['ignore', log.fd, 'pipe'],
      core,
      port,
      shapes: workerShapes({ authorization: `Bearer ${token}` }),
      cleanUp: async () => {
        await log.close();
        await rm(directory, { recursive: true, force: true });
      },
    });
  },
};
