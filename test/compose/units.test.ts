import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderStack } from '../../src/compose/render-compose.ts';
import type { StackPlan } from '../../src/plan/stack-plan.ts';
import { composeFile, partsWith } from './render-sample.ts';
import { engineOf, planOf, serviceOf } from './sample-plan.ts';

type Options = {
  readonly version?: string;
  readonly texts?: Readonly<Record<string, string>>;
  readonly hubToken?: string;
};

function hashes(plan: StackPlan, { version = '1', texts = {}, hubToken }: Options = {}) {
  const parts = partsWith(texts);
  const options = { parts, version, buildContext: '.', origin: 'llm-ops.yml', hubToken };
  return new Map(renderStack(plan, options).units.map(({ name, hash }) => [name, hash]));
}

function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) {
  return [...before.keys()].filter((name) => before.get(name) !== after.get(name));
}

const plan = planOf([serviceOf('a'), serviceOf('b')]);

describe('the hash of a container', () => {
  it('is the one in its label', () => {
    const { services } = composeFile(plan);
    for (const [name, hash] of hashes(plan, { version: '1.2.3' }))
      assert.equal(services[name]?.labels['llm-ops.hash'], hash);
  });

  it('changes with its own definition and with nobody else’s', () => {
    const other = planOf([serviceOf('a', [engineOf({ args: ['--x'] })]), serviceOf('b')]);
    assert.deepEqual(changed(hashes(plan), hashes(other)), ['a-engine-0']);
  });

  it('does not change when a worker gets another replica: it follows its file', () => {
    const more = planOf([serviceOf('a', [engineOf(), engineOf()]), serviceOf('b')]);
    assert.deepEqual(changed(hashes(plan), hashes(more)), []);
  });

  it('does not change when another service comes', () => {
    const more = planOf([...plan.services, serviceOf('c')]);
    assert.deepEqual(changed(hashes(plan), hashes(more)), []);
  });

  it('changes for Traefik with the static file that it reads when it starts', () => {
    const after = hashes(plan, { texts: { 'traefik.yml': 'log: { level: DEBUG }\n' } });
    assert.deepEqual(changed(hashes(plan), after), ['traefik']);
  });

  it('changes with the token for those that read it when they start, and no file has the token', () => {
    const mixed = planOf([serviceOf('a'), serviceOf('b', [engineOf({ kind: 'llama.cpp' })])]);
    const given = hashes(mixed, { hubToken: 'hf_first' });
    assert.deepEqual(changed(hashes(mixed), given), ['a-engine-0']);
    assert.deepEqual(changed(given, hashes(mixed, { hubToken: 'hf_other' })), ['a-engine-0']);
    assert.deepEqual(changed(hashes(mixed), hashes(mixed, { hubToken: '' })), []);
    const parts = partsWith({});
    const options = { parts, version: '1', buildContext: '.', origin: 'x', hubToken: 'hf_first' };
    for (const { text } of renderStack(mixed, options).files) assert.ok(!text.includes('hf_first'));
  });

  it('leaves engines running when the product gets a new version', () => {
    const after = hashes(plan, { version: '2' });
    assert.deepEqual(changed(hashes(plan), after), ['a-worker', 'b-worker', 'gateway']);
  });
});
