import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';

import { LlmOpsError } from '../errors.ts';
import type { Report } from '../plan/runtime.ts';
import type { StackPlan } from '../plan/stack-plan.ts';
import { VERSION } from '../version.ts';
import { checkBeforeStart, checkPlan } from './check-before-start.ts';
import { fetchBeforeStart } from './fetch-before-start.ts';
import { assertPortFree } from './process/free-port.ts';
import { isAlive, type ProcessIdentity, signalProcess } from './process/process-identity.ts';
import { endStack } from './remove-stack.ts';
import { reportChanges } from './report-changes.ts';
import type { Stack } from './stack.ts';
import { withChangeLock } from './state/change-lock.ts';
import { findSupervisor } from './state/find-supervisor.ts';
import { type Job, writeJob } from './state/job-file.ts';
import { jobPath, logPath, SUPERVISOR } from './state/state-directory.ts';
import { type LocalState, readState } from './state/state-file.ts';
import { passedVariables } from './units/unit-specs.ts';
import { waitUntilStarted } from './wait-until-started.ts';

type ApplyContext = { readonly report: Report; readonly signal: AbortSignal };

/** Starts a detached supervisor, or tells the running one what is new. A first start that fails leaves nothing behind. */
export async function applyDetached(
  stack: Stack,
  plan: StackPlan,
  context: ApplyContext,
): Promise<void> {
  await withChangeLock(stack.directory, async () => {
    const supervisor = findSupervisor(stack.directory);
    const state = readState(stack.directory);
    if (supervisor === null) return startSupervisor(stack, plan, context);
    if (state?.supervisor.mode === 'foreground') throw runsInForeground(stack, supervisor);
    if (state?.version === VERSION)
      return tellSupervisor({ stack, plan, context, supervisor, state });
    // Another version's supervisor may understand a job otherwise than it is meant.
    checkPlan(stack, plan);
    await fetchBeforeStart(stack, plan, context);
    await endStack(stack, context.report);
    return startSupervisor(stack, plan, context);
  });
}

async function startSupervisor(
  stack: Stack,
  plan: StackPlan,
  context: ApplyContext,
): Promise<void> {
  const { directory, timing, env } = stack;
  const { report, signal } = context;
  await checkBeforeStart(stack, plan, report);
  await fetchBeforeStart(stack, plan, context);
  signal.throwIfAborted();
  const job = buildJob(stack, plan, []);
  writeJob(jobPath(directory), job);
  const log = openSync(logPath(directory, SUPERVISOR), 'a', 0o600);
  const child = spawn(process.execPath, [stack.supervisor, jobPath(directory)], {
    detached: true,
    env: { ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let lives = true;
  for (const event of ['error', 'exit']) child.once(event, () => (lives = false));
  try {
    await waitUntilStarted({
      directory,
      job: job.id,
      read: () => readState(directory),
      lives: () => lives,
      before: null,
      tell: reportChanges(report, []),
      signal,
      hint: 'Everything was ended again.',
      timing,
    });
  } catch (error) {
    await endStack(stack, report);
    throw error;
  }
}

async function tellSupervisor(options: {
  readonly stack: Stack;
  readonly plan: StackPlan;
  readonly context: ApplyContext;
  readonly supervisor: ProcessIdentity;
  readonly state: LocalState;
}): Promise<void> {
  const { stack, plan, context, supervisor, state: before } = options;
  const { directory, timing } = stack;
  checkPlan(stack, plan);
  await fetchBeforeStart(stack, plan, context);
  const { listen, httpPort } = plan.gateway;
  // On the old port its own gateway listens.
  if (httpPort !== before.httpPort)
    await assertPortFree({ listen, port: httpPort, setting: 'gateway.http_port' });
  const job = buildJob(stack, plan, ['PATH', ...passedVariables(plan)]);
  writeJob(jobPath(directory), job);
  signalProcess(supervisor, 'SIGHUP');
  const { report, signal } = context;
  await waitUntilStarted({
    directory,
    job: job.id,
    read: () => readState(directory),
    lives: () => isAlive(supervisor),
    before,
    tell: reportChanges(report, before.units),
    signal,
    hint: 'What was started keeps running: llm-ops ps shows it, llm-ops down ends it.',
    timing,
  });
}

function runsInForeground({ name }: Stack, { pid }: ProcessIdentity): LlmOpsError {
  const text = `stack ${name} runs in the foreground of another terminal (pid ${String(pid)})`;
  return new LlmOpsError('already_running', text, {
    hint: 'End it there with Ctrl-C, or with llm-ops down.',
  });
}

/** `variables`: what a supervisor that runs already has to be told; a new one inherits everything. */
function buildJob(stack: Stack, plan: StackPlan, variables: readonly string[]): Job {
  const { directory, programs, timing } = stack;
  const env = Object.fromEntries(variables.map((name) => [name, stack.env[name] ?? null]));
  return { id: randomUUID(), plan, directory, programs, timing, env };
}
