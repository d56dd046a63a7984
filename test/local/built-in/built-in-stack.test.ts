import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

import type { LocalRuntime } from '../../../src/local/local-runtime.ts';
import { identify } from '../../../src/local/process/process-identity.ts';
import { readState } from '../../../src/local/state/state-file.ts';
import type { EnginePlan, StackPlan } from '../../../src/plan/stack-plan.ts';
import { ask, type Bench, enginePlan, eventually, servicePlan, withBench } from '../stand-ins.ts';
import { type FakeNpm, makeFakeNpm } from './fake-npm.ts';

const context = { report: () => undefined, signal: new AbortController().signal };

type BuiltInBench = {
  readonly bench: Bench;
  readonly npm: FakeNpm;
  /** Its PATH has npm and no llama-server. */
  readonly runtime: LocalRuntime;
  readonly plan: (changes?: Partial<EnginePlan>) => StackPlan;
};

async function withBuiltIn(test: (bench: BuiltInBench) => Promise<void>): Promise<void> {
  await withBench(async (bench) => {
    const npm = makeFakeNpm(dirname(bench.parent));
    const source = { kind: 'path', path: '/models/m.gguf' } as const;
    await test({
      ...{ bench, npm, runtime: bench.runtimeWith({ PATH: npm.path }) },
      plan: (changes = {}) =>
        bench.plan([servicePlan('chat', enginePlan({ kind: 'llama.cpp', source, ...changes }))]),
    });
  });
}

async function engineOf(bench: Bench): Promise<{ readonly pid: number; readonly port: number }> {
  return eventually('the engine runs', () => {
    const unit = readState(bench.directory)?.units[0];
    const { pid, port } = unit ?? {};
    return unit?.state === 'running' && pid != null && port != null ? { pid, port } : null;
  });
}

describe('the built-in llama.cpp', () => {
  it('is fetched by the first start that needs it, is one of our programs, and speaks vLLM’s API', async () => {
    await withBuiltIn(async ({ bench, npm, runtime, plan }) => {
      await runtime.check(plan());
      assert.equal(npm.calls().length, 0);
      await runtime.apply(plan(), context);
      assert.equal(npm.calls().length, 1);
      const { pid, port } = await engineOf(bench);
      const args = (await ask(port))?.['args'] as readonly string[];
      assert.equal(args[0], '--package');
      assert.ok(existsSync(join(args[1]!, 'node_modules/node-llama-cpp')));
      assert.deepEqual(args.slice(2, 4), ['--model', '/models/m.gguf']);
      assert.match(JSON.stringify(await ask(bench.httpPort)), /"engine":"vllm"/);

      await runtime.apply(plan(), context);
      assert.equal(npm.calls().length, 1);
      assert.equal((await engineOf(bench)).pid, pid);
      process.kill(readState(bench.directory)!.supervisor.pid, 'SIGKILL');
      await eventually('it ends with its supervisor', () => (identify(pid) === null ? true : null));
    });
  });

  it('is not fetched by a start that does not need it', async () => {
    await withBuiltIn(async ({ npm, runtime, plan }) => {
      await runtime.apply(plan({ kind: 'sim' }), context);
      assert.equal(npm.calls().length, 0);
    });
  });

  it('gives way to a llama-server that is there by the next time', async () => {
    await withBuiltIn(async ({ bench, npm, runtime, plan }) => {
      await runtime.apply(plan(), context);
      const before = await engineOf(bench);
      const bin = join(dirname(bench.parent), 'llama-bin');
      mkdirSync(bin);
      const server = `require('node:http').createServer((_, response) => response.end('{"by":"llama-server"}'))
        .listen(Number(process.argv[process.argv.indexOf('--port') + 1]), '127.0.0.1');`;
      writeFileSync(join(bin, 'llama-server'), `#!${process.execPath}\n${server}`);
      chmodSync(join(bin, 'llama-server'), 0o755);
      const next = bench.runtimeWith({ PATH: `${bin}:${npm.path}` });
      await next.apply(plan(), context);
      const after = await engineOf(bench);
      assert.equal(identify(before.pid), null);
      assert.deepEqual(await ask(after.port), { by: 'llama-server' });
      assert.match(JSON.stringify(await ask(bench.httpPort)), /"engine":"llama\.cpp"/);
    });
  });

  it('is refused to a service with GPUs, before anything is fetched', async () => {
    await withBuiltIn(async ({ npm, runtime, plan }) => {
      const wanted = plan({ gpus: [{ id: '0', name: null }] });
      for (const attempt of [runtime.check(wanted), runtime.apply(wanted, context)])
        await assert.rejects(attempt, { code: 'engine_missing', message: /chat needs .* GPU/ });
      assert.equal(npm.calls().length, 0);
    });
  });

  it('stops nothing when it cannot be fetched', async () => {
    await withBuiltIn(async ({ bench, npm, runtime, plan }) => {
      await runtime.apply(plan({ kind: 'sim' }), context);
      const before = await engineOf(bench);
      const cut = bench.runtimeWith({ PATH: npm.path, FAKE_NPM: 'unreachable' });
      await assert.rejects(cut.apply(plan(), context), { code: 'engine_missing' });
      assert.equal((await engineOf(bench)).pid, before.pid);
      await assert.rejects(cut.fetchBuiltIn(context), { code: 'engine_missing' });
    });
  });

  it('leaves nothing behind when one does not wait for it in the foreground', async () => {
    await withBuiltIn(async ({ bench, npm, plan }) => {
      const interrupt = new AbortController();
      const slow = bench.runtimeWith({ PATH: npm.path, FAKE_NPM: 'hang' });
      const running = slow.runForeground(plan(), { ...context, signal: interrupt.signal });
      await eventually('npm runs', () => npm.calls()[0] ?? null);
      interrupt.abort();
      await running;
      assert.equal(existsSync(bench.parent), false);
    });
  });
});

describe('a model that nobody fetched', () => {
  const hub = { kind: 'hub', id: 'org/name', revision: null, file: 'Q4_K_M' } as const;
  const wheel = { kind: 'pypi', package: 'p', version: '1', path: 'm.gguf' } as const;

  it('can be planned, and is refused with the way to get it when it is to be started', async () => {
    await withBuiltIn(async ({ bench, npm, runtime, plan }) => {
      for (const source of [hub, wheel]) {
        const wanted = plan({ source });
        await runtime.check(wanted);
        assert.deepEqual(await runtime.desired(wanted), await runtime.desired(plan({ source })));
        await assert.rejects(runtime.apply(wanted, context), {
          code: 'model_not_here',
          hint: /^Run llm-ops model pull (org\/name:Q4_K_M|pypi:p==1\/m\.gguf)\.$/,
        });
      }
      assert.equal(npm.calls().length, 0);
      assert.equal(existsSync(bench.parent), false);
    });
  });
});
