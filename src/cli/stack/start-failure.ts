/** Why a stack did not become ready, with the last words of what is at fault. */
import { lastWords } from '../../control/last-words.ts';
import type { WaitOutcome } from '../../control/wait-until-ready.ts';
import { LlmOpsError } from '../../errors.ts';
import type { LogLine, Runtime } from '../../plan/runtime.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import { unitsOf } from './stack-units.ts';

type Failure = Exclude<WaitOutcome, { kind: 'ready' | 'interrupted' }>;

type FailureFacts = {
  readonly plan: StackPlan;
  readonly outcome: Failure;
  readonly timeoutMs: number;
  /** What the reader can do about it. */
  readonly hint: string;
};

const LAST_LINES = 15;

/**
 * A `start_failed` error whose message ends with the reason that the log gives, else its last lines: of the unit that failed, or of the
 * services that are not ready.
 */
export async function toStartFailure(
  runtime: Runtime,
  { plan, outcome, timeoutMs, hint }: FailureFacts,
): Promise<LlmOpsError> {
  const suspects =
    outcome.kind === 'unit_failed'
      ? [outcome.unit.name]
      : plan.services.filter(({ name }) => outcome.waiting.includes(name)).flatMap(unitsOf);
  const logs = await wordsOf(runtime, suspects);
  const reason =
    outcome.kind === 'unit_failed'
      ? `${outcome.unit.name} does not stay up: ${outcome.unit.detail}`
      : `not ready after ${String(Math.round(timeoutMs / 1000))} s: ${outcome.waiting.join(', ')}`;
  const shown = logs.map(({ unit, text }) => `  ${unit} | ${text}`);
  return new LlmOpsError('start_failed', [reason, ...shown].join('\n'), {
    hint,
    details: { waiting: outcome.waiting, logs },
  });
}

async function wordsOf(runtime: Runtime, units: readonly string[]): Promise<readonly LogLine[]> {
  const present = new Set((await runtime.observe()).map((unit) => unit.name));
  const words = await lastWords(
    runtime,
    units.filter((unit) => present.has(unit)),
    LAST_LINES,
  );
  return [...words].flatMap(([unit, lines]) => lines.map((text) => ({ unit, text })));
}
