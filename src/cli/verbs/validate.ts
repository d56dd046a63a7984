/** `validate`: loads and plans, and says what is wrong. */
import { withTemplates } from '../../control/choose-templates.ts';
import { printTemplates, tellTemplate } from '../../plan/print-plan.ts';
import type { CliContext, CommonOptions } from '../cli-context.ts';
import type { ExitStatus } from '../exit-code.ts';
import { choosePlanTemplates } from '../stack/choose-plan-templates.ts';
import { loadPlannedStack, warn } from '../stack/load-stack.ts';

export async function validate(options: CommonOptions, context: CliContext): Promise<ExitStatus> {
  const { plan } = await loadPlannedStack(options, context);
  const chosen = await choosePlanTemplates(plan, { isElsewhere: false }, context);
  const { services, warnings } = withTemplates(plan, chosen);
  if (options.json) {
    const templates = Object.fromEntries(services.map((each) => [each.name, tellTemplate(each)]));
    context.terminal.out(
      JSON.stringify({
        file: options.file,
        services: services.map(({ name }) => name),
        templates,
        warnings,
      }),
    );
    return 0;
  }
  for (const warning of warnings) warn(context, warning);
  context.terminal.out(`${printTemplates({ services })}\n`);
  const count = `${String(services.length)} ${services.length === 1 ? 'service' : 'services'}`;
  context.terminal.out(`${options.file}: ${count}, fine`);
  return 0;
}
