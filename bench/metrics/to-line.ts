/** Rounds of several contenders → the line of the table that compares ours with each of the others. */
import { type Rounds, summarize, summarizeRatio } from '../harness/rounds.ts';
import type { Line } from './metric.ts';

export type LineFacts = Pick<Line, 'id' | 'name' | 'unit' | 'goals' | 'notes'> & {
  /** The measured value's name in the rounds. */
  readonly value: string;
  /** Whom ours is compared with; those that have no value are left out. */
  readonly peers: readonly string[];
};

/** Without a round that was kept, ours is null and the only note says so. */
export function toLine(rounds: Rounds, facts: LineFacts): Line {
  const { id, name, unit, goals, notes, value } = facts;
  const ours = summarize(rounds, 'ours', value);
  const isMeasured = Number.isFinite(ours.median);
  const peers = facts.peers
    .map((peer) => ({
      peer,
      own: summarize(rounds, peer, value),
      ratio: summarizeRatio(rounds, value, { of: 'ours', to: peer }),
    }))
    .filter(({ own }) => Number.isFinite(own.median));
  return {
    ...{ id, name, unit, goals },
    ours: isMeasured ? ours.median : null,
    peers: Object.fromEntries(peers.map(({ peer, own }) => [peer, own.median])),
    ratios: Object.fromEntries(peers.map(({ peer, ratio }) => [peer, ratio.median])),
    spread: Object.fromEntries([
      ...(isMeasured ? [['ours', ours.spread] as const] : []),
      ...peers.map(({ peer, ratio }) => [peer, ratio.spread] as const),
    ]),
    rounds: { kept: rounds.kept.length, thrownAway: rounds.thrownAway },
    notes: isMeasured ? notes : ['no round was worth keeping'],
  };
}
