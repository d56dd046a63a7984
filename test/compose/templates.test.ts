import Handlebars from 'handlebars';
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { loadParts } from '../../src/compose/load-parts.ts';
import { LlmOpsError } from '../../src/errors.ts';
import { composeFile, labelOf } from './render-sample.ts';
import { engineOf, planOf, serviceOf } from './sample-plan.ts';

const plan = planOf([serviceOf('m')]);

function problemOf(template: string, part = 'engine-vllm'): string {
  try {
    composeFile(plan, { [part]: template });
  } catch (error) {
    assert.ok(error instanceof LlmOpsError);
    assert.equal(error.code, 'config_invalid');
    assert.match(error.message, new RegExp(`templates/compose/${part}\\.hbs`));
    return error.message;
  }
  return assert.fail('the template was taken');
}

describe('a template of one’s own', () => {
  it('is used in the place of the shipped one', () => {
    const template = 'image: {{quote "own/" model}}\ncommand: [serve]\nlabels: { mine: "1" }\n';
    const engine = composeFile(plan, { 'engine-vllm': template }).services['m-engine-0'];
    assert.equal(engine?.image, 'own/m');
    assert.equal(engine.labels['mine'], '1');
    assert.equal(labelOf(engine, '.role'), 'engine');
  });

  it('may not write a value without quoting it', () => {
    assert.match(problemOf('image: x\ncommand: {{model}}\n'), /line 2: write \{\{quote model\}\}/);
    assert.match(problemOf('image: {{{model}}}\n'), /write \{\{quote model\}\}/);
    assert.match(problemOf('{{#each args}}\n- {{this}}\n{{/each}}'), /line 2/);
  });

  it('may not ask for a value that there is not', () => {
    assert.match(problemOf('image: {{quote imagee}}\n'), /line 1: there is no value "imagee"/);
    assert.match(problemOf('image: x\n{{#if sauce.id}}{{/if}}\n'), /no value "sauce\.id"/);
    assert.match(problemOf('image: {{quote source.idd}}\n'), /no value "source\.idd"/);
    assert.match(problemOf('image: {{quote image}}\n'), /takes texts and numbers, not null/);
  });

  it('may not call helpers that there are not', () => {
    assert.match(problemOf('image: {{#shout}}x{{/shout}}\n'), /cannot be rendered/);
  });

  it('must give YAML', () => {
    assert.match(problemOf('image: "x\n'), /invalid YAML/);
    assert.match(problemOf('image: x\nimage: y\n'), /invalid YAML.*unique/);
    assert.match(problemOf('- x\n'), /must give a YAML mapping/);
  });

  it('must give Compose, and hears what is wrong with it', () => {
    assert.match(problemOf('image: x\nimagee: y\n'), /unknown key "imagee"/);
    assert.match(
      problemOf('image: x\nhealthcheck: { test: [CMD, x], interval: 10 }\n'),
      /"healthcheck.interval" must be string/,
    );
    assert.match(problemOf('command: [x]\n'), /"image" is missing/);
    assert.match(problemOf('image: x\nvolumes: ["a:/b"]\n'), /long form/);
    assert.match(problemOf('image: x\nhealthcheck: { test: [curl, x] }\n'), /CMD-SHELL/);
    assert.match(
      problemOf('image: x\nhealthcheck: { test: [CMD, x], start_interval: 1s }\n'),
      /start_period/,
    );
  });

  it('may not take what keeps a stack safe into its own hands', () => {
    assert.match(problemOf('image: x\nports: ["80:80"]\n'), /only Traefik publishes/);
    assert.match(problemOf('image: x\ncontainer_name: y\n'), /"container_name" is not/);
    assert.match(problemOf('image: x\nnetwork_mode: host\n', 'worker'), /"network_mode" is not/);
    assert.match(problemOf('image: x\nlabels: { llm-ops.stack: y }\n'), /labels/);
  });

  it('is told by its own name when another part has the same fault', () => {
    for (const part of ['engine-vllm', 'worker', 'engine-vllm']) {
      assert.match(problemOf('image: {{quote typo}}\n', part), /line 1: there is no value "typo"/);
      assert.match(problemOf('image: "broken\n', part), /invalid YAML/);
    }
  });

  it('is checked with the values of each service', () => {
    // Where there is no source, nobody can tell that `typo` is none of its values.
    const services = [serviceOf('a', [engineOf({ source: null })]), serviceOf('b')];
    const template = 'image: x\n{{#if source}}{{#if source.typo}}init: true{{/if}}{{/if}}\n';
    composeFile(planOf(services.slice(0, 1)), { 'engine-vllm': template });
    assert.throws(
      () => composeFile(planOf(services), { 'engine-vllm': template }),
      /engine-vllm\.hbs cannot be rendered: line 2: there is no value "source\.typo"/,
    );
  });

  it('is filled with the values of each service', () => {
    const services = [
      serviceOf('a', [engineOf({ args: ['--max_len=1'] })]),
      serviceOf('b', [engineOf({ env: { '--max-len': '1' } }), engineOf(), engineOf()]),
    ];
    const template =
      'image: {{quote model}}\ninit: {{#if (given "--max-len")}}true{{else}}false{{/if}}\n';
    const file = composeFile(planOf(services), { 'engine-vllm': template });
    const engines = Object.entries(file.services).filter(([name]) => name.includes('-engine-'));
    assert.deepEqual(
      engines.map(([name, { image, init }]) => [name, image, init]),
      [
        ['a-engine-0', 'a', true],
        ['b-engine-0', 'b', true],
        ['b-engine-1', 'b', false],
        ['b-engine-2', 'b', false],
      ],
    );
  });

  it('is gone through once, however many services have it', (test) => {
    const visited = test.mock.method(Handlebars.Visitor.prototype, 'accept');
    const visitsFor = (count: number, template: string): number => {
      const before = visited.mock.callCount();
      const services = Array.from({ length: count }, (_, at) => serviceOf(`m${at}`));
      composeFile(planOf(services), { 'engine-vllm': template });
      return visited.mock.callCount() - before;
    };
    visitsFor(1, 'image: warm\n');

    const once = visitsFor(1, 'image: {{quote "one/" model}}\n');

    assert.ok(once > 0);
    assert.equal(visitsFor(30, 'image: {{quote "all/" model}}\n'), once);
  });

  it('must be there', () => {
    const engine = engineOf({ kind: 'openai' });
    assert.throws(
      () => composeFile(planOf([serviceOf('m', [engine])])),
      /no template templates\/compose\/engine-openai\.hbs/,
    );
  });
});

describe('two services', () => {
  it('may not answer to the same host name', () => {
    // The second's own Compose name is the host name of the first.
    const services = [serviceOf('Qwen2.5'), serviceOf('qwen2-5', undefined, { slug: 'qwen2-5-b' })];
    assert.throws(() => composeFile(planOf(services)), {
      code: 'config_invalid',
      message:
        'Qwen2.5-engine-0 and qwen2-5-engine-0 would both answer to the host name qwen2-5-engine-0.',
    });
  });

  it('may not do so in another case, and the first two are named', () => {
    const services = ['a', 'B', 'c'].map((name) =>
      serviceOf(name, [], { workerHost: name === 'B' ? 'SAME' : 'same' }),
    );
    assert.throws(() => composeFile(planOf(services)), {
      message: 'a-worker and B-worker would both answer to the host name same.',
    });
  });

  it('may have the same host name in different networks, and a service its own name', () => {
    const worker = serviceOf('w', [], { workerHost: 'same' });
    const [replica] = serviceOf('e').replicas;
    assert.ok(replica);
    const engine = serviceOf('e', [], { replicas: [{ ...replica, host: 'same' }] });
    const own = serviceOf('o', [], { workerHost: 'o-worker' });
    assert.equal(Object.keys(composeFile(planOf([worker, engine, own])).services).length, 7);
  });
});

describe('the templates of a directory', () => {
  it('are loaded by the names of their files', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'llm-ops-parts-'));
    try {
      await writeFile(join(directory, 'engine-x.y.hbs'), 'image: x\n');
      await writeFile(join(directory, 'notes.txt'), '');
      const { texts } = await loadParts(directory);
      assert.deepEqual([...texts], [['engine-x.y', 'image: x\n']]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('are missed when there are none', async () => {
    await assert.rejects(loadParts(join(tmpdir(), 'llm-ops-no-such-directory')), {
      code: 'config_invalid',
    });
  });
});
