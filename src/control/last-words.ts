/** What units of a stack said before they ended. */
import { findCause } from '../plan/find-cause.ts';
import type { Runtime } from '../plan/runtime.ts';

/** How far from a log's end its reason may lie: Python writes some hundred lines of tracebacks, one process after the other. */
const LINES_TO_SEARCH = 400;
const TIMEOUT_MS = 10_000;

/**
 * For each unit, in their order, the reason that its log gives, else its last lines; at most `count` of them, none for a log that has
 * none. The units must exist. Throws what the runtime's logs throw.
 */
export async function lastWords(
  runtime: Runtime,
  units: readonly string[],
  count: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const logs = new Map<string, string[]>(units.map((unit) => [unit, []]));
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  if (units.length > 0) {
    const options = { units, follow: false, tail: LINES_TO_SEARCH, signal };
    for await (const { unit, text } of runtime.logs(options))
      if (text.trim() !== '') logs.get(unit)?.push(text);
  }
  return new Map(
    [...logs].map(([unit, lines]) => {
      const cause = findCause(lines);
      return [unit, cause.length > 0 ? cause.slice(0, count) : lines.slice(-count)];
    }),
  );
}
