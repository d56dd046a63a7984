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
export function writeWorkerConfig(directory: string, facts: WorkerConfigFacts): void {
  const text = workerConfigText(facts);
  if (readWorkerConfig(directory) !== text) writeAtomically(configPath(directory), text);
}

/** What the gateway's file says; null: there is none. */
export function readWorkerConfig(directory: string): string | null {
  try {
    return readFileSync(configPath(directory), 'utf8');
  } catch {
    return null;
  }
}

/**
 * What the file will say as far as a plan decides it. Ports are chosen when engines start, so those of the present file are taken: they
 * are no change.
 */
export function plannedWorkerConfig(
  directory: string,
  facts: Omit<WorkerConfigFacts, 'ports'>,
): string {
  return workerConfigText({ ...facts, ports: portsIn(readWorkerConfig(directory)) });
}

/** Checked, and without what is default anyway. */
function workerConfigText({ plan, ports, programs }: WorkerConfigFacts): string {
  const config = gatewayConfigOf(plan, {
    urlOf: ({ id, engine }) =>
      'url' in engine ? engine.url : `http://127.0.0.1:${String(ports.get(id) ?? 0)}`,
    // The built-in llama.cpp is behind our own engine server, which speaks vLLM's API.
    apiOf: ({ engine }, kind) => (isBuiltIn(engine, programs) ? 'vllm' : kind),
  });
  WorkerConfig.parse(config);
  return `${JSON.stringify(config, null, 2)}\n`;
}

function portsIn(text: string | null): ReadonlyMap<string, number> {
  try {
    const { services } = WorkerConfig.parse(JSON.parse(text ?? ''));
    const replicas = services.flatMap(({ versions }) => versions.flatMap((each) => each.replicas));
    return new Map(replicas.map(({ id, url }) => [id, Number(new URL(url).port)]));
  } catch {
    // Another version of the product wrote it.
    return new Map();
  }
}

function configPath(directory: string): string {
  return join(workerDirectory(directory), WORKER_CONFIG_FILE);
}
