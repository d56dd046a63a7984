/** A runtime in memory, which tests hold in place of Docker and of processes. */
import type { LlmOpsError } from '../../src/errors.ts';
import type { LocalRuntime, Runtimes } from '../../src/control/runtimes.ts';
import type { ObservedUnit, Unit } from '../../src/plan/diff.ts';
import type { LogLine, RuntimeKind } from '../../src/plan/runtime.ts';
import type { ReplicaPlan, StackPlan } from '../../src/plan/stack-plan.ts';

export type FakeRuntime = LocalRuntime & {
  units: ObservedUnit[];
  lines: LogLine[];
  /** What was done, in order. */
  readonly calls: string[];
  /** What `apply` does besides making units, and `runForeground` before it tells that it started. */
  onApply: (plan: StackPlan) => Promise<void>;
  /** What checking a plan does, and fetching the built-in llama.cpp. */
  onCheck: (plan: StackPlan) => Promise<void>;
  onFetch: () => Promise<void>;
};

export function fakeRuntime(kind: RuntimeKind): FakeRuntime {
  const calls: string[] = [];
  const runtime: FakeRuntime = {
    kind,
    units: [],
    lines: [],
    calls,
    onApply: () => Promise.resolve(),
    onCheck: () => Promise.resolve(),
    onFetch: () => Promise.resolve(),
    check: (plan) => runtime.onCheck(plan),
    fetchBuiltIn: () => runtime.onFetch(),
    desired: (plan) => Promise.resolve(unitsFor(plan)),
    observe: () => Promise.resolve(runtime.units),
    apply: async (plan) => {
      calls.push('apply');
      await runtime.onApply(plan);
      runtime.units = unitsFor(plan).map((unit) => running(unit.name, unit.hash));
    },
    remove: ({ volumes }) => {
      calls.push(volumes ? 'remove with volumes' : 'remove');
      runtime.units = [];
      return Promise.resolve();
    },
    logs: async function* ({ units, tail }) {
      calls.push(`logs ${units.join(',')} ${String(tail)}`);
      await Promise.resolve();
      for (const line of runtime.lines)
        if (units.length === 0 || units.includes(line.unit)) yield line;
    },
    runForeground: async (plan, { signal, onStarted }) => {
      calls.push('run');
      await runtime.onApply(plan);
      runtime.units = unitsFor(plan).map((unit) => running(unit.name, unit.hash));
      onStarted?.();
      if (!signal.aborted)
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      calls.push('ended');
    },
  };
  return runtime;
}

export function running(name: string, hash: string | null = 'h'): ObservedUnit {
  return { name, hash, state: 'running', detail: 'up 2 minutes', gpus: [] };
}

/** Runtimes of which Docker's daemon answers unless `dockerProblem` says otherwise. */
export function fakeRuntimes(dockerProblem: LlmOpsError | null = null): Runtimes & {
  readonly fakeDocker: FakeRuntime;
  readonly fakeLocal: FakeRuntime;
} {
  const fakeDocker = fakeRuntime('docker');
  const fakeLocal = fakeRuntime('local');
  return {
    fakeDocker,
    fakeLocal,
    docker: () => fakeDocker,
    local: () => fakeLocal,
    dockerProblem: () => Promise.resolve(dockerProblem),
  };
}

/** Another one when the model lies elsewhere. */
function hashOf(engine: ReplicaPlan['engine']): string {
  return 'url' in engine || engine.source?.kind !== 'path' ? 'h' : `h ${engine.source.path}`;
}

function unitsFor(plan: StackPlan): readonly Unit[] {
  return plan.services.flatMap((service) =>
    service.replicas.map(({ id, engine }) => ({ name: id, hash: hashOf(engine) })),
  );
}
