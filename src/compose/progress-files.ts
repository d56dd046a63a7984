/** What engines that load are seen doing, in the directories that their workers' containers have mounted. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ENGINE_PROGRESS_FILE,
  WORKER_CONFIG_FILE,
  type EngineProgressFile,
} from '../config/worker-config.ts';
import type { StackPlan } from '../plan/stack-plan.ts';
import { GATEWAY_DIRECTORY, workerDirectory } from './parts/names.ts';
import { writeFiles } from './state-files.ts';

/** Writes the phrases (by replica id) beside each worker's configuration that they concern, by rename; where there are none, no file stays. */
export async function writeProgress(
  directory: string,
  plan: StackPlan,
  phrases: ReadonlyMap<string, string>,
): Promise<void> {
  const workers = plan.services.map(({ name, replicas }) => ({
    place: workerDirectory(name),
    replicas: replicas.map(({ id }) => id),
  }));
  const gateway = {
    place: GATEWAY_DIRECTORY,
    replicas: workers.flatMap(({ replicas }) => replicas),
  };
  for (const { place, replicas } of [...workers, gateway]) {
    const entries: EngineProgressFile = {};
    for (const id of replicas) {
      const text = phrases.get(id);
      if (text !== undefined) entries[id] = { text, at_ms: Date.now() };
    }
    const path = `${place}/${ENGINE_PROGRESS_FILE}`;
    if (Object.keys(entries).length === 0) await rm(join(directory, path), { force: true });
    // Of a stack that somebody ended meanwhile nothing is to come back.
    else if (existsSync(join(directory, place, WORKER_CONFIG_FILE)))
      await writeFiles(directory, [{ path, text: `${JSON.stringify(entries)}\n` }]);
  }
}
