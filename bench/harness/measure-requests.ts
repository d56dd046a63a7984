/** As many plain requests as go on some connections, and what they cost. */
import type { RunningTarget } from '../targets/target.ts';
import { askMany } from './client/ask-many.ts';
import { cpuBetweenNs, readCpu } from './cpu.ts';
import type { BenchEngine } from './engine/engine.ts';
import { watchQuiet } from './quiet.ts';
import type { Sample } from './rounds.ts';

export type RequestLoad = {
  readonly engine: BenchEngine;
  readonly connections: number;
  readonly durationMs: number;
};

/** `cpuUs`: of the target's process tree, for each request that the engine counted. `perSecond`: replies at the client. */
export async function measureRequests(target: RunningTarget, load: RequestLoad): Promise<Sample> {
  const { engine, connections, durationMs } = load;
  const { rootPid, port, shapes } = target;
  if (rootPid === null) return { spoilt: 'errors' };
  const watch = watchQuiet();
  const [before, cpu] = [await engine.counts(), readCpu(rootPid)];
  const asked = await askMany({ port, shape: shapes.plain, connections, durationMs });
  const cpuNs = cpuBetweenNs(cpu, readCpu(rootPid));
  const requests = (await engine.counts()).requests - before.requests;
  if (asked.errors > 0 || requests === 0) return { spoilt: 'errors' };
  if (watch.wasBusy()) return { spoilt: 'busy machine' };
  return {
    values: {
      cpuUs: cpuNs / 1_000 / requests,
      perSecond: (asked.requests * 1_000) / asked.elapsedMs,
    },
  };
}
