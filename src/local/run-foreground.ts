import { randomUUID } from 'node:crypto';
import { once } from 'node:events';

import { LlmOpsError } from '../errors.ts';
import type { Report } from '../plan/runtime.ts';
import type { StackPlan } from '../plan/stack-plan.ts';
import { checkBeforeStart } from './check-before-start.ts';
import { fetchBeforeStart } from './fetch-before-start.ts';
import { reportChanges } from './report-changes.ts';
import type { Stack } from './stack.ts';
import { withChangeLock } from './state/change-lock.ts';
import { removeEmptyDirectories, removeStateFiles } from './state/state-directory.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { waitUntilStarted } from './wait-until-started.ts';

export type ForegroundContext = {
  readonly report: Report;
  /** Aborted: everything is ended and removed. */
  readonly signal: AbortSignal;
  /** Called once, when the gateway takes connections and all engines have their processes. */
  readonly onStarted?: () => void;
};

/** See `LocalRuntime.runForeground`. */
export async function runForeground(
  stack: Stack,
  plan: StackPlan,
  { report, signal, onStarted }: ForegroundContext,
): Promise<void> {
  const { directory, timing } = stack;
  const onProblem = (error: unknown): void => {
    report({ text: error instanceof Error ? error.message : String(error) });
  };
  const tell = reportChanges(report, []);
  const supervisor: Supervisor = new Supervisor({
    ...stack,
    mode: 'foreground',
    onProblem,
    onChange: () => tell(supervisor.state.units),
  });
  const job = randomUUID();
  const isStarted = await withChangeLock(directory, async () => {
    await checkBeforeStart(stack, plan, report);
    try {
      await fetchBeforeStart(stack, plan, { report, signal });
      await supervisor.start({ id: job, plan, programs: stack.programs });
      await waitUntilStarted({
        directory,
        job,
        read: () => supervisor.state,
        lives: () => true,
        before: null,
        tell,
        signal,
        hint: 'Everything was ended again.',
        timing,
      });
      return true;
    } catch (error) {
      // Another supervisor has the stack: its files are not ours to remove.
      if (error instanceof LlmOpsError && error.code === 'already_running') throw error;
      await end(directory, supervisor);
      // The user's Ctrl-C while everything starts is not a failure.
      if (!signal.aborted || error !== signal.reason) throw error;
      return false;
    }
  });
  if (!isStarted) return;
  try {
    onStarted?.();
    await untilAborted(signal);
  } finally {
    await end(directory, supervisor);
  }
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function end(directory: string, supervisor: Supervisor): Promise<void> {
  await supervisor.stop();
  removeStateFiles(directory);
  removeEmptyDirectories(directory);
}
