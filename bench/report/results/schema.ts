/** What `results.json` of a kept run says. */
import { z } from 'zod';

import { JsonLine, toJsonLine } from '../json.ts';
import { FAMILY_NAMES, type Report } from '../report.ts';

export const Results = z.strictObject({
  /** `2026-11-21`, of UTC. */
  date: z.iso.date(),
  isQuick: z.boolean(),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.number(),
    memoryGiB: z.number(),
    kernel: z.string(),
    virtualization: z.string().nullable(),
    node: z.string(),
  }),
  commit: z.string().nullable(),
  versions: z.record(z.string(), z.string()),
  skipped: z.record(z.string(), z.string()),
  families: z.array(z.strictObject({ family: z.enum(FAMILY_NAMES), lines: z.array(JsonLine) })),
});
export type Results = z.infer<typeof Results>;

/** What goes into the repository: without places of the machine, which a command's complaint may have in it. */
export function toResults(report: Report): Results {
  const { date, isQuick, machine, commit, versions, skipped, families } = report;
  return {
    date,
    isQuick,
    machine,
    commit,
    versions: { ...versions },
    skipped: Object.fromEntries(
      Object.entries(skipped).map(([name, reason]) => [name, withoutPlaces(inShort(reason))]),
    ),
    families: families.map(({ family, lines }) => ({
      family,
      lines: lines
        .map(toJsonLine)
        .map((line) => ({ ...line, notes: line.notes.map(withoutPlaces) })),
    })),
  };
}

/** `npm cannot fetch it: …`: what the command said stands behind the colon, names of hosts among it. */
function inShort(reason: string): string {
  return reason.split(/:\s/, 1)[0] ?? '';
}

/** URLs, and paths with two parts and more. */
function withoutPlaces(text: string): string {
  return text.replace(/\bhttps?:\/\/\S+|(?<![\w/])\/[\w.@~+-]+(?:\/[\w.@~+-]+)+/g, '…');
}
