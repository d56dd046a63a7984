/** What has to happen so that what runs becomes what should run, each operation with its cause. Pure. */

/** One container or process that should run. */
export type Unit = {
  readonly name: string;
  /** Changes exactly when the unit must be made anew. */
  readonly hash: string;
  /** Text of the configuration that it follows while it runs; left out: it follows none. */
  readonly follows?: string;
};

/** One container or process of ours, as it was found. */
export type ObservedUnit = {
  readonly name: string;
  /** null: it carries no hash of ours. */
  readonly hash: string | null;
  readonly state: UnitState;
  /** One short phrase for people: `exited (137) 3 minutes ago`, `up 2 hours`. */
  readonly detail: string;
  /** Ids of the GPUs that it was given. */
  readonly gpus: readonly string[];
  /** How often its runtime started it again by itself since it was made or started by hand; left out: that is not known. */
  readonly restarts?: number;
  /** Text of the configuration that lies ready for it to follow; left out: there is none. */
  readonly follows?: string;
};

export type UnitState = 'running' | 'starting' | 'restarting' | 'stopped';

export type Operation = {
  readonly verb: 'create' | 'recreate' | 'start' | 'update' | 'remove';
  readonly unit: string;
  readonly cause: string;
};

const UPDATED = 'its settings changed; it takes them over as it runs';

/** Operations in the order of `desired`, removals last. An unchanged stack gives none. */
export function diffUnits(
  desired: readonly Unit[],
  observed: readonly ObservedUnit[],
): readonly Operation[] {
  const found = new Map(observed.map((unit) => [unit.name, unit]));
  const wanted = new Set(desired.map((unit) => unit.name));
  const operations: Operation[] = [];
  for (const unit of desired) {
    const there = found.get(unit.name);
    if (there === undefined)
      operations.push({ verb: 'create', unit: unit.name, cause: 'not there yet' });
    else if (there.hash === null)
      operations.push({ verb: 'recreate', unit: unit.name, cause: 'made by something else' });
    else if (there.hash !== unit.hash)
      operations.push({ verb: 'recreate', unit: unit.name, cause: 'its configuration changed' });
    else if (there.state === 'stopped')
      operations.push({ verb: 'start', unit: unit.name, cause: there.detail });
    else if (there.follows !== unit.follows)
      operations.push({
        verb: 'update',
        unit: unit.name,
        cause: UPDATED,
      });
  }
  for (const unit of observed) {
    if (!wanted.has(unit.name))
      operations.push({ verb: 'remove', unit: unit.name, cause: 'no longer in the file' });
  }
  return operations;
}
