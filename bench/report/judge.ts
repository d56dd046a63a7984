/** Compares what was measured with its goals. Nothing is forgiven: a ratio that misses by its spread has missed. Pure. */
import type { Goal, Line } from '../metrics/metric.ts';
import { isMeasured, printBound } from './print-number.ts';

/** null: it could not be judged, since a peer was skipped or nothing was measured. */
export type Verdict = boolean | null;

export type JudgedLine = Line & {
  /** All bounds in words: `≤ 5 × nginx, ≤ 0.125 × portkey`; empty: the line has no goal. */
  readonly goal: string;
  /** false as soon as one bound is missed; true when all are kept; else null. */
  readonly met: Verdict;
};

export function judge(line: Line): JudgedLine {
  const verdicts = line.goals.map((goal) => judgeGoal(line, goal));
  return {
    ...line,
    goal: line.goals.flatMap((goal) => boundsOf(goal, line).map(({ text }) => text)).join(', '),
    met: toVerdict(verdicts),
  };
}

/** One goal of a line; both of its bounds, where it has two. */
export function judgeGoal(line: Line, { of, most, least }: Goal): Verdict {
  const value = of === 'ours' ? line.ours : line.ratios[of];
  if (!isMeasured(value) || (most === undefined && least === undefined)) return null;
  return (most === undefined || value <= most) && (least === undefined || value >= least);
}

/** A goal's bounds one by one, with their texts: `≤ 5 × nginx` of a ratio, `≥ 20000 chunks/s` of our own value. */
export function boundsOf(
  { of, most, least }: Goal,
  { unit, ratio = `× ${of}` }: { readonly unit: string; readonly ratio?: string },
): readonly { readonly value: number; readonly text: string }[] {
  const what = of === 'ours' ? unit : ratio;
  const toBound = (sign: string, value: number | undefined) =>
    value === undefined ? [] : [{ value, text: `${sign} ${printBound(value)} ${what}`.trimEnd() }];
  return [...toBound('≤', most), ...toBound('≥', least)];
}

/** A line's verdict for people; empty where there is no goal to judge by. */
export function printOutcome({ goal, met }: Pick<JudgedLine, 'goal' | 'met'>): string {
  return goal === '' ? '' : printVerdict(met);
}

/** `✓`, `✗`, or `–` for what was not judged. */
export function printVerdict(met: Verdict): string {
  if (met === null) return '–';
  return met ? '✓' : '✗';
}

function toVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes(false)) return false;
  return verdicts.length === 0 || verdicts.includes(null) ? null : true;
}
