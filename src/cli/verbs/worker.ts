/** `worker`: the worker or gateway program, in the foreground. */
import { join, resolve } from 'node:path';

import { WORKER_NODE_FLAGS, workerCompileCache } from '../../config/worker-config.ts';
import type { CliContext } from '../cli-context.ts';
import { runProgram } from '../run-program.ts';

export type WorkerOptions = {
  /** The directory with `worker.json`. */
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
};

/** Options become the environment that a container sets; what is left out keeps its value from there. */
export function worker(options: WorkerOptions, context: CliContext): Promise<number> {
  const { productRoot, env } = context;
  const { config, host, port } = options;
  const script = join(productRoot, 'src/worker/main.ts');
  return runProgram({
    script,
    args: [],
    nodeFlags: WORKER_NODE_FLAGS,
    env: {
      NODE_COMPILE_CACHE: workerCompileCache(script),
      ...env,
      ...(config === undefined ? {} : { LLM_OPS_WORKER_CONFIG: resolve(config) }),
      ...(host === undefined ? {} : { LLM_OPS_HOST: host }),
      ...(port === undefined ? {} : { LLM_OPS_PORT: String(port) }),
    },
  });
}
