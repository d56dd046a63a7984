/** The runtime without Docker: engines and the gateway as processes of this machine, below a supervisor of our own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Runtime } from '../plan/runtime.ts';
import type { StackPlan } from '../plan/stack-plan.ts';
import { applyDetached } from './apply-detached.ts';
import { type FetchContext, fetchLlamaPackage } from './built-in/fetch-llama-package.ts';
import { llamaPackage } from './built-in/llama-package.ts';
import { type Machine, thisMachine } from './built-in/machine.ts';
import { checkPlan } from './check-before-start.ts';
import { streamLogs } from './logs/stream-logs.ts';
import { findOnPath } from './process/find-on-path.ts';
import { isAlive } from './process/process-identity.ts';
import { removeStack } from './remove-stack.ts';
import { type ForegroundContext, runForeground } from './run-foreground.ts';
import type { Stack } from './stack.ts';
import { findSupervisor } from './state/find-supervisor.ts';
import { observedUnits } from './state/observed-units.ts';
import { readState } from './state/state-file.ts';
import { plannedWorkerConfig, readWorkerConfig } from './supervisor/worker-config-file.ts';
import { TIMING, type Timing } from './timing.ts';
import type { OwnPrograms } from './units/engine-command.ts';
import { type Environment, unitSpecs } from './units/unit-specs.ts';

export type LocalRuntimeOptions = {
  readonly name: string;
  /** The stack's state directory, absolute; made when it is needed. */
  readonly directory: string;
  /** Where the product's `src` and `native` lie. */
  readonly productRoot: string;
  /** The environment of all children; PATH is where engines are looked for. */
  readonly env: Environment;
  /** Others than the product's own. */
  readonly programs?: OwnPrograms;
  /** Another one than this. */
  readonly machine?: Machine;
  readonly timing?: Timing;
};

export type LocalRuntime = Runtime & {
  /**
   * Runs the stack in this process until the signal is aborted, then ends and removes it. Throws `engine_missing`, `model_not_here`,
   * `disk_full`, `port_in_use`, `already_running`, `start_failed`.
   */
  runForeground(plan: StackPlan, context: ForegroundContext): Promise<void>;
  /**
   * Makes sure that llama.cpp can be started: returns when `llama-server` is on the PATH, or the built-in one is fetched. `apply` and
   * `runForeground` do the same when a unit needs it. Throws `engine_missing`, `disk_full`, and the signal's reason.
   */
  fetchBuiltIn(context: FetchContext): Promise<void>;
};

export function createLocalRuntime(options: LocalRuntimeOptions): LocalRuntime {
  const stack = buildStack(options);
  const { directory, env, llama } = stack;
  return {
    kind: 'local',
    check: async (plan) => {
      await Promise.resolve();
      checkPlan(stack, plan);
    },
    desired: (plan) =>
      Promise.resolve(
        unitSpecs(plan, stack).map(({ name: unit, hash, role }) => ({
          ...{ name: unit, hash },
          ...(role === 'worker' && {
            follows: plannedWorkerConfig(directory, { plan, programs: stack.programs }),
          }),
        })),
      ),
    observe: () => {
      const state = readState(directory);
      if (state === null) return Promise.resolve([]);
      const supervisorLives = findSupervisor(directory) !== null;
      const follows = readWorkerConfig(directory);
      const facts = { supervisorLives, isAlive, now: new Date(), follows };
      return Promise.resolve(observedUnits(state, facts));
    },
    apply: (plan, context) => applyDetached(stack, plan, context),
    remove: ({ report }) =>
      existsSync(directory) ? removeStack(stack, report) : Promise.resolve(),
    logs: (logOptions) => streamLogs(directory, logOptions),
    runForeground: (plan, context) => runForeground(stack, plan, context),
    fetchBuiltIn: async (context) => {
      if (llama !== null) await fetchLlamaPackage(llama, env, context);
    },
  };
}

function buildStack(options: LocalRuntimeOptions): Stack {
  const { name, directory, productRoot, env, timing = TIMING, machine = thisMachine() } = options;
  const own = options.programs ?? {
    engineServer: join(productRoot, 'src/engine-server/main.ts'),
    worker: join(productRoot, 'src/worker/main.ts'),
    llama: join(productRoot, 'src/engine-server/llama/main.ts'),
  };
  // Chosen here, once: a detached supervisor may have another PATH.
  const hasServer = findOnPath('llama-server', env['PATH']) !== null;
  const llama = hasServer ? null : llamaPackage({ productRoot, env, machine });
  const programs = { ...own, llamaPackage: llama?.directory ?? null };
  const supervisor = join(productRoot, 'src/local/main.ts');
  return { name, directory, env, programs, llama, machine, supervisor, timing };
}
