import { rmSync } from 'node:fs';

import { LlmOpsError } from '../errors.ts';
import type { Report } from '../plan/runtime.ts';
import type { StackPlan } from '../plan/stack-plan.ts';
import { assertFetchable } from './built-in/assert-fetchable.ts';
import { usesGpu } from './built-in/machine.ts';
import { assertPortFree } from './process/free-port.ts';
import type { Stack } from './stack.ts';
import { findSupervisor } from './state/find-supervisor.ts';
import { statePath } from './state/state-directory.ts';
import { endOrphans } from './supervisor/end-orphans.ts';
import { checkPrograms } from './units/check-programs.ts';
import { isBuiltIn } from './units/engine-command.ts';
import { unitSpecs } from './units/unit-specs.ts';

/**
 * Everything that can be known before the first process: programs, no other supervisor, the port. What a killed supervisor left behind
 * is ended and removed on the way, since it may hold the port. Throws `engine_missing`, `already_running`, `port_in_use`.
 */
export async function checkBeforeStart(
  stack: Stack,
  plan: StackPlan,
  report: Report,
): Promise<void> {
  checkPlan(stack, plan);
  const supervisor = findSupervisor(stack.directory);
  if (supervisor !== null) {
    const pid = String(supervisor.pid);
    throw new LlmOpsError('already_running', `stack ${stack.name} runs already (pid ${pid})`, {
      hint: 'End it first with llm-ops down.',
    });
  }
  const { directory, timing } = stack;
  for (const unit of await endOrphans(directory, timing))
    report({ unit, text: 'ended, a leftover' });
  rmSync(statePath(directory), { force: true });
  await assertPortFree({
    listen: plan.gateway.listen,
    port: plan.gateway.httpPort,
    setting: 'gateway.http_port',
  });
}

/**
 * Throws `engine_missing` for programs, and for a built-in llama.cpp that cannot be fetched; `config_invalid` for what cannot run as a
 * process.
 */
export function checkPlan(stack: Stack, plan: StackPlan): void {
  const { programs, env, llama, machine } = stack;
  const builtInUsesGpu = usesGpu(machine);
  checkPrograms(plan, { programs, path: env['PATH'], builtInUsesGpu });
  if (llama !== null && needsBuiltIn(stack, plan)) assertFetchable(llama, env);
  unitSpecs(plan, stack);
}

/** Whether a unit of the plan is started with the native package. */
export function needsBuiltIn({ programs }: Stack, plan: StackPlan): boolean {
  return plan.services.some(({ replicas }) =>
    replicas.some(({ engine }) => isBuiltIn(engine, programs)),
  );
}
