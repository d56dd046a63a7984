import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { WORKER_CONFIG_FILE, WorkerConfig } from '../../config/worker-config.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import { gatewayConfigOf } from '../../plan/worker-configs.ts';
import { workerDirectory, writeAtomically } from '../state/state-directory.ts';
import { isBuiltIn, type Programs } from '../units/engine-command.ts';

export type WorkerConfigFacts = {
  readonly plan: StackPlan;
  /** Where each engine that we start listens, by replica id. */
  readonly ports: ReadonlyMap<string, number>;
  readonly programs: Programs;
};

/** Writes what the gateway serves. An unchanged file stays untouched. */
export function writeWorkerConfig(
  directory: string,
  { plan, ports, programs }: WorkerConfigFacts,
): void {
  const config = gatewayConfigOf(plan, {
    urlOf: ({ id, engine }) =>
      'url' in engine ? engine.url : `http://127.0.0.1:${String(ports.get(id))}`,
    // The built-in llama.cpp is behind our own engine server, which speaks vLLM's API.
    apiOf: ({ engine }, kind) => (isBuiltIn(engine, programs) ? 'vllm' : kind),
  });
  // Checked, and written without what is default anyway.
  WorkerConfig.parse(config);
  const text = `${JSON.stringify(config, null, 2)}\n`;
  const file = join(workerDirectory(directory), WORKER_CONFIG_FILE);
  if (readText(file) !== text) writeAtomically(file, text);
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
