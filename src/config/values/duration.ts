import { mismatch, quoted } from './mismatch.ts';

const UNITS_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
// setTimeout's limit: longer ones would fire at once.
const LONGEST_S = 2_147_483;

/** `90`, `90s`, `10m`, `2h`, `1d`, as in dstack: whole seconds, at least one. */
export function parseDurationS(value: unknown): number {
  const found = /^(\d{1,9})([smhdw]?)$/.exec(
    typeof value === 'number' ? String(value) : asText(value),
  );
  const seconds = Number(found?.[1]) * (UNITS_S[found?.[2] || 's'] ?? Number.NaN);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST_S)
    throw mismatch(
      `${quoted(value)} is no duration`,
      'a duration such as `90s`, `10m` or `2h`, at most 24 days',
    );
  return seconds;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
