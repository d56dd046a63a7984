/** Conversation templates for a plan: the product's own, the user's, and what the models on this machine have. */
import { join } from 'node:path';

import { chooseTemplates, type ChosenTemplates } from '../../control/choose-templates.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import type { ConversationTemplate } from '../../prompts/conversation-template.ts';
import { listTemplateNames, loadTemplates } from '../../prompts/load-templates.ts';
import type { CliContext } from '../cli-context.ts';

/** The directories of templates: a later one adds to those before and takes their places. */
function directoriesOf(own: string | null, { productRoot }: CliContext): readonly string[] {
  return [join(productRoot, 'templates/conversations'), ...(own === null ? [] : [own])];
}

/** `own`: the directory of the user's templates. Throws `config_invalid` with everything that is wrong in them. */
export function loadAllTemplates(
  own: string | null,
  context: CliContext,
): Promise<ReadonlyMap<string, ConversationTemplate>> {
  return loadTemplates(directoriesOf(own, context));
}

/** Sorted. */
export function listAllTemplates(
  own: string | null,
  context: CliContext,
): Promise<readonly string[]> {
  return listTemplateNames(directoriesOf(own, context));
}

/** `isElsewhere`: the plan is for another machine, so models on this one do not count. */
export async function choosePlanTemplates(
  plan: StackPlan,
  { isElsewhere }: { readonly isElsewhere: boolean },
  context: CliContext,
): Promise<ChosenTemplates> {
  const templates = await loadAllTemplates(plan.templates, context);
  const store = isElsewhere ? null : await context.modelStore();
  return chooseTemplates(plan, { templates, store });
}
