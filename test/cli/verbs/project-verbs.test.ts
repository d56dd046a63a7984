import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { init } from '../../../src/cli/verbs/init.ts';
import { plan } from '../../../src/cli/verbs/plan.ts';
import { render } from '../../../src/cli/verbs/render.ts';
import { validate } from '../../../src/cli/verbs/validate.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { running } from '../../control/fake-runtime.ts';
import { configured, fakeContext, PRODUCT_ROOT, scratch, twoServices } from '../fake-context.ts';

const noDocker = new LlmOpsError('docker_unavailable', 'nobody listens');

describe('init', () => {
  it('writes the starter, which is never replaced unasked', async (t) => {
    const file = join(await scratch(t), 'mine.yml');
    const options = { file, json: false, verbose: false, force: false };
    const starter = await readFile(join(PRODUCT_ROOT, 'templates/llm-ops.yml'), 'utf8');

    assert.equal(await init(options, fakeContext()), 0);

    assert.equal(await readFile(file, 'utf8'), starter);
    await assert.rejects(init(options, fakeContext()), { code: 'file_exists' });
    assert.equal(await init({ ...options, force: true }, fakeContext()), 0);
  });
});

describe('validate', () => {
  it('says how many services there are, and which template each has and why', async (t) => {
    const options = await configured(t, twoServices());
    const context = fakeContext();

    assert.equal(await validate(options, context), 0);
    const [templates = '', ...rest] = context.data;
    assert.deepEqual(rest, [`${options.file}: 2 services, fine`]);
    assert.match(templates, /^Llama-2-7b +one_shot +the configuration names it$/m);
    assert.match(templates, /^vicuna +vicuna_v1\.1 +vicuna is called so$/m);
  });

  it('tells an nvidia-smi that fails', async (t) => {
    const host = {
      host: { gpus: null },
      problem: 'nvidia-smi is installed, but failed: no driver',
    };
    const context = fakeContext({ host });

    await validate(await configured(t, twoServices()), context);

    assert.match(context.notes.join('\n'), /warning: .*no driver/);
  });

  it('all problems come at once', async (t) => {
    const options = await configured(t, 'servces: {}\nservices:\n  a: { engine: vlm }\n');

    await assert.rejects(validate(options, fakeContext()), (error: LlmOpsError) => {
      assert.equal(error.code, 'config_invalid');
      assert.ok((error.details['problems'] as unknown[]).length >= 2);
      return true;
    });
  });
});

describe('plan', () => {
  it('shows the operations of the runtime that up would take, and touches nothing', async (t) => {
    const context = fakeContext();

    assert.equal(await plan(await configured(t, twoServices()), context), 0);

    const text = context.data.join('\n');
    assert.match(text, /On the docker runtime:/);
    assert.match(text, /create +vicuna-engine-0 +not there yet/);
    assert.deepEqual(context.fakes.fakeDocker.calls, []);
  });

  it('shows where the local runtime answers', async (t) => {
    const context = fakeContext({ dockerProblem: noDocker });

    await plan({ ...(await configured(t, twoServices())), port: 7001 }, context);

    assert.match(context.data.join('\n'), /http:\/\/localhost:7001/);
  });

  it('as JSON it is one object', async (t) => {
    const context = fakeContext();
    context.fakes.fakeDocker.units = [running('Llama-2-7b-engine-0'), running('vicuna-engine-0')];

    await plan({ ...(await configured(t, twoServices())), json: true }, context);

    const printed = JSON.parse(context.data.join('')) as Record<string, unknown>;
    assert.deepEqual(Object.keys(printed), ['runtime', 'services', 'warnings', 'operations']);
    assert.deepEqual([printed['runtime'], printed['operations']], ['docker', []]);
  });
});

describe('render', () => {
  const base = { check: false, print: true, force: false, elsewhere: false };

  it('leads to the Dockerfile relatively inside the product, absolutely elsewhere', async (t) => {
    const options = await configured(t, twoServices());
    const inside = fakeContext();
    const outside = fakeContext();

    await render({ ...base, ...options, out: PRODUCT_ROOT }, inside);
    await render({ ...base, ...options, out: options.directory }, outside);

    assert.match(inside.data.join(''), /^ +context: "?\."?$/m);
    assert.ok(outside.data.join('').includes(`context: ${PRODUCT_ROOT}\n`));
  });

  it('prints the project’s text within JSON when it is asked to', async (t) => {
    const context = fakeContext();
    const options = { ...(await configured(t, twoServices())), json: true };

    await render({ ...base, ...options, out: options.directory }, context);

    const printed = JSON.parse(context.data.join('')) as { path: string; text: string };
    assert.equal(printed.path, 'docker-compose.yml');
    assert.match(printed.text, /^name: two$/m);
  });

  it('for another machine it does not ask this one', async (t) => {
    const options = await configured(t, twoServices());
    const context = {
      ...fakeContext(),
      observeHost: () => Promise.reject(new Error('asked')),
    };

    assert.equal(await render({ ...base, ...options, out: '.', elsewhere: true }, context), 0);
    await assert.rejects(render({ ...base, ...options, out: '.' }, context), /asked/);
  });

  it('removes what belonged to a service that is gone', async (t) => {
    const options = { ...base, print: false, ...(await configured(t, twoServices())) };
    const out = options.directory;
    await render({ ...options, out }, fakeContext());
    await writeFile(options.file, twoServices().replace(/^ +vicuna.*\n/m, ''));
    const context = fakeContext();

    await render({ ...options, out }, context);

    assert.match(context.data.join('\n'), /^removed workers\/vicuna\/worker\.json$/m);
    assert.equal((await readdir(join(out, 'workers'))).includes('vicuna'), false);
  });
});
