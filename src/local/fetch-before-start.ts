import type { StackPlan } from '../plan/stack-plan.ts';
import { type FetchContext, fetchLlamaPackage } from './built-in/fetch-llama-package.ts';
import { needsBuiltIn } from './check-before-start.ts';
import type { Stack } from './stack.ts';
import { checkSources } from './units/check-sources.ts';

/**
 * What a checked plan still lacks on this machine. Throws `model_not_here`, what `fetchLlamaPackage` throws, and the signal's reason.
 */
export async function fetchBeforeStart(
  stack: Stack,
  plan: StackPlan,
  context: FetchContext,
): Promise<void> {
  checkSources(plan);
  if (stack.llama !== null && needsBuiltIn(stack, plan))
    await fetchLlamaPackage(stack.llama, stack.env, context);
}
