/** A plan with the models of this machine and their templates in it, for verbs that ask a runtime what it would do with it. */
import { withTemplates } from '../../control/choose-templates.ts';
import { type PullContext, prepareModels } from '../../control/prepare-models.ts';
import type { RuntimeKind } from '../../plan/runtime.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import type { CliContext } from '../cli-context.ts';
import { showPulling } from '../output/show-pulling.ts';
import { choosePlanTemplates } from './choose-plan-templates.ts';

/** Only looks, without network: what is missing is in the warnings. `isElsewhere`: the plan is for another machine. */
export function locateModels(
  plan: StackPlan,
  { runtime, isElsewhere = false }: LocateOptions,
  context: CliContext,
): Promise<StackPlan> {
  return prepare(plan, { runtime, isElsewhere, pull: null }, context);
}

type LocateOptions = { readonly runtime: RuntimeKind; readonly isElsewhere?: boolean };

/** Fetches what is missing, and shows it. Throws what the store throws, and the signal's reason. */
export async function fetchModels(
  plan: StackPlan,
  { runtime, signal }: { readonly runtime: RuntimeKind; readonly signal: AbortSignal },
  context: CliContext,
): Promise<StackPlan> {
  const display = showPulling(context.terminal);
  const pull = { signal, onProgress: display.onProgress };
  try {
    const prepared = await prepare(plan, { runtime, isElsewhere: false, pull }, context);
    await display.end(true);
    return prepared;
  } catch (error) {
    await display.end(false);
    throw error;
  }
}

async function prepare(
  plan: StackPlan,
  { runtime, isElsewhere, pull }: Required<LocateOptions> & { readonly pull: PullContext | null },
  context: CliContext,
): Promise<StackPlan> {
  const store = await context.modelStore();
  const prepared = await prepareModels(plan, { runtime, pull, store, cache: context.cache });
  // By the sources as they were written: a path of the cache hides the model's name.
  return withTemplates(prepared, await choosePlanTemplates(plan, { isElsewhere }, context));
}
