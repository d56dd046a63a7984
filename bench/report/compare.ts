/** This run against the one that is kept: who changes the code wants to hear on the same day that it became slower. */
import type { Goal } from '../metrics/metric.ts';
import type { JudgedLine } from './judge.ts';
import type { JsonLine } from './json.ts';
import { isMeasured, printNumber } from './print-number.ts';
import type { Report } from './report.ts';
import type { Results } from './results/schema.ts';

/** Two runs of the same code on the same machine differ by less. How fast the machine is just now strikes the peer of a ratio, too. */
const TOLERANCE = { ratio: 1.15, own: 1.3 };

/**
 * What is worse by more than two runs of the same code differ, in words, one text for each goal of a line that both runs have: a ratio to a
 * peer, or our own value where the goal is one of that. Pure.
 */
export function compareRuns(now: Report, kept: Results): readonly string[] {
  const before = new Map(
    kept.families.flatMap(({ lines }) => lines.map((line) => [line.id, line] as const)),
  );
  return now.families
    .flatMap(({ lines }) => lines)
    .flatMap((line) => {
      const other = before.get(line.id);
      return other === undefined ? [] : line.goals.flatMap((goal) => compare(line, other, goal));
    });
}

function compare(
  line: JudgedLine,
  kept: JsonLine,
  { of, most, tolerance }: Goal,
): readonly string[] {
  const [value, before] =
    of === 'ours' ? [line.ours, kept.ours] : [line.ratios[of], kept.ratios[of]];
  if (!isMeasured(value) || !isMeasured(before)) return [];
  const factor = tolerance ?? TOLERANCE[of === 'ours' ? 'own' : 'ratio'];
  const isWorse = most === undefined ? value * factor < before : value > before * factor;
  if (!isWorse) return [];
  const what = of === 'ours' ? line.unit : `× ${of}`;
  return [`${line.id} ${line.name}: ${printNumber(value)} ${what}, it was ${printNumber(before)}`];
}
