/** All that one run found, as the table, the plots and the files need it. */
import type { Family, Line, Metric } from '../metrics/metric.ts';
import type { Targets } from '../targets/target.ts';
import { judge, type JudgedLine } from './judge.ts';
import type { Machine } from './machine.ts';

export type FamilyLines = { readonly family: Family; readonly lines: readonly JudgedLine[] };

export type Report = {
  /** `2026-11-21`, of UTC. */
  readonly date: string;
  readonly isQuick: boolean;
  readonly machine: Machine;
  /** Of ours; null: it was not run from a checkout. */
  readonly commit: string | null;
  /** By the target's name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Targets that this machine does not have, by name: why. */
  readonly skipped: Readonly<Record<string, string>>;
  /** In the order of FAMILIES; those without a line are left out. */
  readonly families: readonly FamilyLines[];
};

const FAMILIES: Readonly<Record<Family, string>> = {
  requests: 'Requests',
  latency: 'Latency',
  chunks: 'Chunks of a stream',
  bytes: 'Bytes on the wire',
  routing: 'Routing and throughput',
  start: 'Start and rendering',
  memory: 'Memory',
  fastchat: 'Beside FastChat',
};

/** All families, in the order in which they are shown. */
export const FAMILY_NAMES = Object.keys(FAMILIES) as readonly Family[];

/** What is measured in this family, as a heading. */
export function titleOf(family: Family): string {
  return FAMILIES[family];
}

export type Findings = {
  readonly measured: readonly {
    readonly metric: Pick<Metric, 'family'>;
    readonly lines: readonly Line[];
  }[];
  readonly targets: Targets;
  readonly isQuick: boolean;
  readonly machine: Machine;
  readonly commit: string | null;
  readonly now: Date;
};

/** Judges the lines and brings them into their families, in the order in which they were measured. Pure. */
export function buildReport(findings: Findings): Report {
  const { measured, targets, isQuick, machine, commit, now } = findings;
  const families = FAMILY_NAMES.map((family) => ({
    family,
    lines: measured
      .filter(({ metric }) => metric.family === family)
      .flatMap(({ lines }) => lines.map(judge)),
  }));
  return {
    date: now.toISOString().slice(0, 10),
    isQuick,
    machine,
    commit,
    // The engine itself has none.
    versions: Object.fromEntries(
      [...targets.found]
        .filter(([, { version }]) => version !== '')
        .map(([name, { version }]) => [name, version]),
    ),
    skipped: Object.fromEntries(targets.missing),
    families: families.filter(({ lines }) => lines.length > 0),
  };
}

/** `P1, P2: 4 kept, 1 thrown away (errors 1)`. Lines of one metric share their rounds, so equal ones are told once. */
export function printRounds(lines: readonly Pick<Line, 'id' | 'rounds'>[]): readonly string[] {
  const byText = Map.groupBy(lines, ({ rounds }) => {
    const thrown = Object.entries(rounds.thrownAway).filter(([, count]) => count > 0);
    const reasons = thrown.map(([reason, count]) => `${reason} ${count}`).join(', ');
    const count = thrown.reduce((sum, [, one]) => sum + one, 0);
    return `${rounds.kept} kept${count === 0 ? '' : `, ${count} thrown away (${reasons})`}`;
  });
  return [...byText].map(([text, those]) => `${those.map(({ id }) => id).join(', ')}: ${text}`);
}
