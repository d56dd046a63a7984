import type { ObservedUnit } from '../../plan/diff.ts';
import type { ProcessIdentity } from '../process/process-identity.ts';
import { identityOf, type LocalState, type UnitRecord } from './state-file.ts';

export type ObservationFacts = {
  readonly supervisorLives: boolean;
  readonly isAlive: (identity: ProcessIdentity) => boolean;
  readonly now: Date;
  /** The configuration that lies ready for the gateway; null: none. */
  readonly follows: string | null;
};

/** What the state file says, as far as it is still true. Without a supervisor everything counts as stopped. */
export function observedUnits(state: LocalState, facts: ObservationFacts): readonly ObservedUnit[] {
  return state.units.map((unit) => ({
    name: unit.name,
    hash: unit.hash,
    gpus: unit.gpus,
    restarts: unit.restarts,
    ...stateOf(unit, facts),
    ...(unit.role === 'worker' && facts.follows !== null && { follows: facts.follows }),
  }));
}

function stateOf(
  unit: UnitRecord,
  { supervisorLives, isAlive, now }: ObservationFacts,
): Pick<ObservedUnit, 'state' | 'detail'> {
  const identity = identityOf(unit);
  const lives = identity !== null && isAlive(identity);
  if (!supervisorLives) {
    const orphan = `pid ${String(unit.pid)} outlived its supervisor; the next up or down ends it`;
    // What a unit that ran said of its past is no reason why it runs no more.
    const last = unit.state === 'running' ? '' : unit.detail;
    return { state: 'stopped', detail: lives ? orphan : last || 'its supervisor is gone' };
  }
  if (unit.pid !== null && !lives) return { state: 'restarting', detail: 'ended just now' };
  if (!lives || unit.startedAt === null) return { state: unit.state, detail: unit.detail };
  const up = `up ${durationText(now.getTime() - Date.parse(unit.startedAt))}`;
  return { state: unit.state, detail: unit.detail === '' ? up : `${up}, ${unit.detail}` };
}

const SCALE = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** The largest unit that fits, rounded down: `2 hours`. */
export function durationText(durationMs: number): string {
  const [unit, sizeMs] =
    SCALE.find(([, size]) => durationMs >= size) ?? (['second', 1_000] as const);
  const count = Math.max(0, Math.floor(durationMs / sizeMs));
  return `${String(count)} ${unit}${count === 1 ? '' : 's'}`;
}
