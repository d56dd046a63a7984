import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { passedVariables, resolveEnv, unitSpecs } from '../../../src/local/units/unit-specs.ts';
import type { EnginePlan, StackPlan } from '../../../src/plan/stack-plan.ts';
import { enginePlan, servicePlan } from '../stand-ins.ts';

const options = {
  directory: '/state',
  programs: {
    ...{ engineServer: '/engine.ts', worker: '/worker.ts', llama: '/llama.ts' },
    llamaPackage: '/cache/llama',
  },
  env: { TOKEN: 'one' },
  timing: { graceMs: 10_000 },
};

function stack(engine: EnginePlan, httpPort = 8989): StackPlan {
  return {
    name: 'demo',
    gateway: {
      ...{ domain: null, listen: '127.0.0.1', httpPort, httpsPort: 8443, tls: { kind: 'off' } },
    },
    services: [servicePlan('chat', engine), servicePlan('far', { url: 'http://far' })],
    templates: null,
    warnings: [],
  };
}

const hashes = (plan: StackPlan, env: Record<string, string> = options.env) =>
  Object.fromEntries(unitSpecs(plan, { ...options, env }).map(({ name, hash }) => [name, hash]));

describe('the units of a plan', () => {
  it('are the engines that we start, and the gateway', () => {
    assert.deepEqual(Object.keys(hashes(stack(enginePlan()))), ['chat-engine-0', 'gateway']);
  });

  it('keep their hashes when nothing changed', () => {
    assert.deepEqual(hashes(stack(enginePlan())), hashes(stack(enginePlan())));
  });

  for (const [what, changed] of Object.entries({
    'an argument': enginePlan({ args: ['--x'] }),
    'a variable': enginePlan({ env: { A: '1' } }),
    'the engine': enginePlan({ kind: 'vllm' }),
  })) {
    it(`get another hash for ${what}, and the gateway keeps its own`, () => {
      const [before, after] = [hashes(stack(enginePlan())), hashes(stack(changed))];
      assert.notEqual(after['chat-engine-0'], before['chat-engine-0']);
      assert.equal(after['gateway'], before['gateway']);
    });
  }

  it('have as many worker processes as the service that wants most, and none is named for one', () => {
    const workersOf = (...counts: (number | 'auto')[]): unknown => {
      const plan = stack(enginePlan());
      const services = counts.map((workers) => ({ ...plan.services[0]!, workers }));
      const gateway = unitSpecs({ ...plan, services }, options).at(-1);
      return gateway?.command(0).env['LLM_OPS_WORKERS'];
    };
    assert.equal(workersOf(1, 1), undefined);
    assert.equal(workersOf(2, 4, 1), '4');
    assert.equal(workersOf(2, 'auto', 4), 'auto');
  });

  it('get another hash for other GPUs', () => {
    const on = (id: string) =>
      hashes(stack(enginePlan({ kind: 'vllm', gpus: [{ id, name: null }] })));
    assert.notEqual(on('0')['chat-engine-0'], on('1')['chat-engine-0']);
  });

  it('get another hash when a variable that is passed on has another value', () => {
    const plan = stack(enginePlan({ env: { TOKEN: null } }));
    const [one, two, none] = [{ TOKEN: 'one' }, { TOKEN: 'two' }, {}].map((env) =>
      hashes(plan, env),
    );
    assert.notEqual(one!['chat-engine-0'], two!['chat-engine-0']);
    assert.notEqual(one!['chat-engine-0'], none!['chat-engine-0']);
  });

  it('make the gateway anew only when it has to listen elsewhere', () => {
    const [before, after] = [hashes(stack(enginePlan())), hashes(stack(enginePlan(), 9000))];
    assert.notEqual(after['gateway'], before['gateway']);
    assert.equal(after['chat-engine-0'], before['chat-engine-0']);
  });
});

describe('variables that the plan only names', () => {
  it('are taken from the environment, and left out when nobody set them', () => {
    assert.deepEqual(resolveEnv({ A: 'a', B: null, C: null }, { A: 'x', B: 'b' }), {
      A: 'a',
      B: 'b',
    });
  });

  it('are known by name', () => {
    assert.deepEqual(passedVariables(stack(enginePlan({ env: { A: 'a', B: null } }))), ['B']);
  });
});
