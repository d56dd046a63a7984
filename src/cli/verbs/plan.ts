/** `plan`: what `up` would do, and why. */
import { planOperations } from '../../control/bring-up.ts';
import { gatewayOn } from '../../control/front-door.ts';
import {
  printOperations,
  printPlacement,
  printTemplates,
  tellTemplate,
} from '../../plan/print-plan.ts';
import type { RuntimeKind } from '../../plan/runtime.ts';
import type { CliContext, CommonOptions } from '../cli-context.ts';
import type { ExitStatus } from '../exit-code.ts';
import { loadPlannedStack, warn } from '../stack/load-stack.ts';
import { openForUp } from '../stack/open-stack.ts';
import { locateModels } from '../stack/prepare-plan.ts';

export type PlanOptions = CommonOptions & {
  readonly runtime?: RuntimeKind;
  readonly port?: number;
};

export async function plan(options: PlanOptions, context: CliContext): Promise<ExitStatus> {
  const { plan: stack, place } = await loadPlannedStack(options, context);
  const runtime = await openForUp(context, place, options.runtime);
  const prepared = await locateModels(stack, { runtime: runtime.kind }, context);
  const operations = await planOperations(runtime, prepared);
  const { warnings } = prepared;
  const { terminal } = context;
  if (options.json) {
    // As the user wrote them: where a model lies is this machine's affair.
    const services = stack.services.map((service, at) => ({
      ...service,
      template: tellTemplate(prepared.services[at] ?? service),
    }));
    terminal.out(
      JSON.stringify({ runtime: runtime.kind, services, warnings, operations }, null, 2),
    );
    return 0;
  }
  for (const warning of warnings) warn(context, warning);
  terminal.out(
    printPlacement({ ...prepared, gateway: gatewayOn(runtime.kind, stack.gateway) }).trimEnd(),
  );
  terminal.out(`\n${printTemplates(prepared)}`);
  terminal.out(
    operations.length === 0
      ? `\nOn the ${runtime.kind} runtime: nothing to change.`
      : `\nOn the ${runtime.kind} runtime:\n${printOperations(operations).trimEnd()}`,
  );
  return 0;
}
