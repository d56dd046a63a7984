/** Lines for programs: numbers as they are, null for what was not measured. */
import { z } from 'zod';

import type { JudgedLine } from './judge.ts';
import { isMeasured } from './print-number.ts';
import type { Report } from './report.ts';
import { writeWhole } from './results/write-file.ts';

const Value = z.number().nullable();
const Values = z.record(z.string(), Value);

/** One line of the table in `--json FILE` and in `results.json`. */
export const JsonLine = z.strictObject({
  id: z.string(),
  name: z.string(),
  unit: z.string(),
  ours: Value,
  peers: Values,
  /** Ours divided by the peer's. */
  ratios: Values,
  /** First and third quartile, of `ours` and of each ratio. */
  spread: z.record(z.string(), z.tuple([Value, Value])),
  /** `≤ 5 × nginx, ≤ 0.125 × portkey`. */
  goal: z.string(),
  met: z.boolean().nullable(),
  rounds: z.strictObject({
    kept: z.number(),
    thrownAway: z.record(z.string(), z.number()),
  }),
  notes: z.array(z.string()),
});
export type JsonLine = z.infer<typeof JsonLine>;

export function toJsonLine(line: JudgedLine): JsonLine {
  const { id, name, unit, ours, peers, ratios, spread, goal, met, rounds, notes } = line;
  return {
    id,
    name,
    unit,
    ours: orNull(ours),
    peers: mapValues(peers, orNull),
    ratios: mapValues(ratios, orNull),
    spread: mapValues(spread, ([first, third]): JsonLine['spread'][string] => [
      orNull(first),
      orNull(third),
    ]),
    goal,
    met,
    rounds: { kept: rounds.kept, thrownAway: { ...rounds.thrownAway } },
    notes: [...notes],
  };
}

/** `--json FILE`: all lines in one list, in the order of the table. */
export async function writeJson(file: string, report: Report): Promise<void> {
  const lines = report.families.flatMap((family) => family.lines.map(toJsonLine));
  await writeWhole(file, `${JSON.stringify(lines, null, 2)}\n`);
}

function orNull(value: number | null): number | null {
  return isMeasured(value) ? value : null;
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, to: (value: T) => U) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]));
}
