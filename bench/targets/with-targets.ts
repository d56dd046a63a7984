import { type BenchEngine, startEngine } from '../harness/engine/engine.ts';
import { benchCores } from '../harness/pin.ts';
import { openTargets } from './open-targets.ts';
import type { RunningTarget, TargetName, Targets } from './target.ts';

export type Opened = {
  readonly engine: BenchEngine;
  /** Those of the names that this machine has, in their order. */
  readonly running: ReadonlyMap<TargetName, RunningTarget>;
};

/** An engine on the bench's core and targets before it on theirs, for as long as they are used. What `use` leaves in the engine's mode is lost. */
export async function withTargets<T>(
  targets: Targets,
  names: readonly TargetName[],
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const { target: core, bench: engineCore } = benchCores();
  const engine = await startEngine({ core: engineCore });
  try {
    const { running, close } = await openTargets(targets, names, { engineUrl: engine.url, core });
    try {
      return await use({ engine, running });
    } finally {
      await close();
    }
  } finally {
    await engine.close();
  }
}
