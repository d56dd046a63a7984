/** The real world, for the verbs. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cacheDirectory } from '../config/values/cache-directory.ts';
import { VERSION } from '../version.ts';
import type { CliContext } from './cli-context.ts';
import type { Terminal } from './output/terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function buildContext(terminal: Terminal): CliContext {
  const productRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  const templates = join(productRoot, 'templates/compose');
  return {
    productRoot,
    env: process.env,
    command: process.env['LLM_OPS_COMMAND'] ?? 'llm-ops',
    cache: cacheDirectory(process.env, homedir()),
    terminal,
    runtimes: async () => {
      const { buildRuntimes } = await import('../control/build-runtimes.ts');
      return buildRuntimes({ productRoot, templates, version: VERSION, env: process.env });
    },
    modelStore: async () => {
      const { openModelStore } = await import('../models/open-model-store.ts');
      return openModelStore({ env: process.env, home: homedir() });
    },
    observeHost: async () => (await import('../control/observe-host.ts')).observeHost(),
    interruption,
  };
}

/** Signals that come again while the first one is being obeyed change nothing: an orderly end is under way. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) process.on(name, () => controller.abort());
  return controller.signal;
}
