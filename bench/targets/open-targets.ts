import type { RunningTarget, StartTarget, TargetName, Targets } from './target.ts';

export type OpenTargets = {
  /** In the order in which they were asked for. */
  readonly running: ReadonlyMap<TargetName, RunningTarget>;
  readonly close: () => Promise<void>;
};

/** Starts those of the names that this machine has, one after another. Where one does not start, the others are ended. */
export async function openTargets(
  targets: Targets,
  names: readonly TargetName[],
  options: StartTarget,
): Promise<OpenTargets> {
  const running = new Map<TargetName, RunningTarget>();
  const close = async (): Promise<void> => {
    await Promise.all([...running.values()].map((target) => target.close()));
  };
  try {
    for (const name of names) {
      const target = targets.found.get(name);
      if (target !== undefined) running.set(name, await target.start(options));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { running, close };
}
