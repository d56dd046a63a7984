import type { Line } from './metric.ts';

type Skipped = Pick<Line, 'id' | 'name' | 'unit'> & { readonly reason?: string };

/** A line of the table for what could not be measured here. */
export function skippedLine({
  id,
  name,
  unit,
  reason = 'ours is not among the targets',
}: Skipped): Line {
  return {
    ...{ id, name, unit, ours: null, peers: {}, ratios: {}, spread: {}, goals: [] },
    rounds: { kept: 0, thrownAway: {} },
    notes: [reason],
  };
}
