import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { it } from 'node:test';

import { LlmOpsError } from '../../../src/errors.ts';
import { findOnPath } from '../../../src/local/process/find-on-path.ts';
import { checkPrograms, type ProgramFacts } from '../../../src/local/units/check-programs.ts';
import type { EnginePlan, StackPlan } from '../../../src/plan/stack-plan.ts';
import { enginePlan, servicePlan } from '../stand-ins.ts';

const gateway = {
  ...{
    domain: null,
    listen: '127.0.0.1',
    httpPort: 1,
    httpsPort: 2,
    tls: { kind: 'off' as const },
  },
};
const planOf = (services: StackPlan['services']): StackPlan => ({
  ...{ name: 'demo', gateway, services, templates: null, warnings: [] },
});
const factsOf = (llamaPackage: string | null): ProgramFacts => ({
  programs: { engineServer: '/e', worker: '/w', llama: '/l', llamaPackage },
  path: '/nowhere',
  builtInUsesGpu: false,
});

function complaints(services: StackPlan['services'], facts: ProgramFacts): readonly string[] {
  try {
    checkPrograms(planOf(services), facts);
    return [];
  } catch (error) {
    assert.ok(error instanceof LlmOpsError);
    assert.equal(error.code, 'engine_missing');
    return error.message.split('\n');
  }
}

it('all missing programs are told at once', () => {
  const services = [
    servicePlan('a', enginePlan({ kind: 'vllm' })),
    servicePlan('b', enginePlan({ kind: 'llama.cpp' })),
    servicePlan('c', enginePlan()),
    servicePlan('d', { url: 'http://far' }),
  ];
  assert.deepEqual(complaints(services, factsOf(null)), [
    'engine vllm of service a needs the program `vllm` on the PATH, or Docker',
    'engine llama.cpp of service b needs the program `llama-server` on the PATH, or Docker',
  ]);
});

it('the built-in llama.cpp needs no program, unless it is to compute on a GPU that it cannot use', () => {
  const service = (changes: Partial<EnginePlan> = {}) => [
    servicePlan('b', enginePlan({ kind: 'llama.cpp', ...changes })),
  ];
  const gpus = [{ id: '0', name: null }];
  assert.deepEqual(complaints(service(), factsOf('/cache')), []);
  assert.deepEqual(complaints(service({ gpus }), factsOf('/cache')), [
    'engine llama.cpp of service b needs the program `llama-server` on the PATH for its GPU (what is built in has none), or Docker',
  ]);
  assert.deepEqual(
    complaints(service({ gpus }), { ...factsOf('/cache'), builtInUsesGpu: true }),
    [],
  );
});

it('a program is found where the PATH says, and a directory is no program', () => {
  assert.equal(findOnPath('node', `/nowhere:${dirname(process.execPath)}`), process.execPath);
  assert.equal(findOnPath('bin', '/usr'), null);
  assert.equal(findOnPath('node', undefined), null);
});
