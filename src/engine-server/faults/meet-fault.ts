import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { LlmOpsError } from '../../errors.ts';
import type { EngineCore } from '../core/engine-core.ts';
import type { Job } from '../core/job.ts';
import type { Faults } from './faults.ts';

export type Moment = {
  /** Tokens of the answer so far. */
  readonly tokens: number;
  /** How the fault `exit_at_token` ends the process. */
  readonly exit: () => void;
};

/** Whether `meetFault` has something to do after so many tokens. */
export function isFaultDue(faults: Faults, tokens: number): boolean {
  return (
    faults.die_at_token === tokens ||
    faults.error_at_token === tokens ||
    faults.exit_at_token === tokens ||
    faults.stall_at_token === tokens
  );
}

/** Does what is to happen after so many tokens. Rejects when that ends the answer. */
export async function meetFault(core: EngineCore, job: Job, moment: Moment): Promise<void> {
  const { faults, signal } = job;
  const { tokens, exit } = moment;
  if (faults.die_at_token === tokens) {
    job.breakOff('die_at_token');
    throw new LlmOpsError('engine_failed', 'The connection was broken on purpose.');
  }
  if (faults.error_at_token === tokens) core.die();
  if (faults.exit_at_token === tokens) {
    // What was written leaves in the next turn of the event loop.
    await nextTurn();
    exit();
  }
  if (faults.stall_at_token === tokens) await stall(faults.stall_ms, signal);
  signal.throwIfAborted();
}

/** Ends when the signal aborts; without a time that is the only end. */
async function stall(timeMs: number | undefined, signal: AbortSignal): Promise<void> {
  if (timeMs !== undefined) {
    await sleep(timeMs, undefined, { signal });
    return;
  }
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  signal.addEventListener('abort', () => resolve(undefined), { once: true });
  await promise;
}
