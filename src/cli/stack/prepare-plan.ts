/** A plan with the models of this machine in it, for verbs that ask a runtime what it would do with it. */
import { type PullContext, prepareModels } from '../../control/prepare-models.ts';
import type { RuntimeKind } from '../../plan/runtime.ts';
import type { StackPlan } from '../../plan/stack-plan.ts';
import type { CliContext } from '../cli-context.ts';
import { showPulling } from '../output/show-pulling.ts';

/** Only looks, without network: what is missing is in the warnings. */
export function locateModels(
  plan: StackPlan,
  runtime: RuntimeKind,
  context: CliContext,
): Promise<StackPlan> {
  return prepare(plan, { runtime, pull: null }, context);
}

/** Fetches what is missing, and shows it. Throws what the store throws, and the signal's reason. */
export async function fetchModels(
  plan: StackPlan,
  { runtime, signal }: { readonly runtime: RuntimeKind; readonly signal: AbortSignal },
  context: CliContext,
): Promise<StackPlan> {
  const display = showPulling(context.terminal);
  const pull = { signal, onProgress: display.onProgress };
  try {
    const prepared = await prepare(plan, { runtime, pull }, context);
    await display.end(true);
    return prepared;
  } catch (error) {
    await display.end(false);
    throw error;
  }
}

async function prepare(
  plan: StackPlan,
  options: { readonly runtime: RuntimeKind; readonly pull: PullContext | null },
  context: CliContext,
): Promise<StackPlan> {
  const store = await context.modelStore();
  return prepareModels(plan, { ...options, store, cache: context.cache });
}
