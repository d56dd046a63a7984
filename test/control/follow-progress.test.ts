import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { followProgress } from '../../src/control/follow-progress.ts';
import type { LogLine, Runtime } from '../../src/plan/runtime.ts';
import type { StackPlan } from '../../src/plan/stack-plan.ts';
import { engineOf, planOf, serviceOf } from '../compose/sample-plan.ts';
import { fakeRuntime } from './fake-runtime.ts';

const LOADING = 'Loading safetensors checkpoint shards:  50% Completed | 1/2';
const SERVES = 'INFO:     Application startup complete.';

const plan = planOf([
  serviceOf('v', [engineOf()]),
  serviceOf('l', [engineOf({ kind: 'llama.cpp' })]),
  serviceOf('s', [engineOf({ kind: 'sim', source: null })]),
  serviceOf('u', [{ url: 'http://elsewhere:8000' }]),
]);

type Told = Readonly<Record<string, string>>;

/** Follows until what is told fulfils `isEnough`; gives all that was told, the end included. */
async function follow(options: {
  readonly logs: Runtime['logs'];
  readonly isEnough: (told: readonly Told[]) => boolean;
  readonly waitsFor?: (service: string) => boolean;
  readonly tell?: () => Promise<void>;
  readonly plan?: StackPlan;
}): Promise<readonly Told[]> {
  const over = new AbortController();
  const told: Told[] = [];
  const runtime: Runtime = {
    ...fakeRuntime('docker'),
    logs: options.logs,
    tellProgress: async (_, phrases) => {
      told.push(Object.fromEntries(phrases));
      if (options.isEnough(told)) over.abort();
      await options.tell?.();
    },
  };
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(20_000)]);
  await followProgress(runtime, options.plan ?? plan, {
    isWaitedFor: options.waitsFor ?? (() => true),
    signal,
    intervalMs: 1,
  });
  assert.ok(over.signal.aborted, JSON.stringify(told));
  return told;
}

async function* say(...lines: readonly LogLine[]): AsyncIterable<LogLine> {
  await Promise.resolve();
  yield* lines;
}

const line = (unit: string, text: string): LogLine => ({ unit, text });

describe('followProgress', () => {
  it('tells what the engines that tell something do, and takes it away at the end', async () => {
    const asked: (readonly string[])[] = [];
    const told = await follow({
      logs: ({ units, follow: follows }) => {
        asked.push(follows ? units : []);
        return say(
          line('v-engine-0', LOADING),
          line('l-engine-0', "0.00.243.980 I srv    load_model: loading model 'x.gguf'"),
          line('s-engine-0', LOADING),
        );
      },
      isEnough: (all) => Object.keys(all.at(-1) ?? {}).length === 2,
    });

    assert.deepEqual(asked[0], ['v-engine-0', 'l-engine-0']);
    assert.deepEqual(told.slice(-2), [
      { 'v-engine-0': 'loading the weights, 50 %', 'l-engine-0': 'loading the weights' },
      {},
    ]);
  });

  it('tells nothing of a service for which nobody waits, nor of an engine that serves', async () => {
    let hasTold = false;
    const told = await follow({
      logs: () => {
        const lines = [line('v-engine-0', LOADING), line('l-engine-0', 'main: loading model')];
        return say(...lines, ...(hasTold ? [line('v-engine-0', SERVES)] : []));
      },
      waitsFor: (service) => service !== 'l',
      isEnough: (all) => {
        hasTold = true;
        return all.length > 1;
      },
    });

    assert.deepEqual(told, [{ 'v-engine-0': 'loading the weights, 50 %' }, {}, {}]);
  });

  it('goes on when the logs end or break, and when nobody can be told', async () => {
    let looks = 0;
    const told = await follow({
      logs: () => {
        looks += 1;
        if (looks === 1) return say();
        if (looks === 2) throw new Error('no such container');
        return say(line('v-engine-0', LOADING));
      },
      tell: () => Promise.reject(new Error('the disk is full')),
      isEnough: (all) => Object.keys(all.at(-1) ?? {}).length === 1,
    });

    assert.deepEqual(told.at(-1), {});
  });

  it('leaves a runtime alone that watches its engines itself, and a stack whose engines tell nothing', async () => {
    const signal = new AbortController().signal;
    const options = { isWaitedFor: () => true, signal };
    const silent = planOf([serviceOf('s', [engineOf({ kind: 'sim', source: null })])]);
    const docker = { ...fakeRuntime('docker'), tellProgress: () => Promise.resolve() };
    const local = fakeRuntime('local');

    // They return although nobody ends them.
    await followProgress(local, plan, options);
    await followProgress(docker, silent, options);

    assert.deepEqual([...local.calls, ...docker.calls], []);
  });
});
