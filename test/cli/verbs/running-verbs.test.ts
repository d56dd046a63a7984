import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { down } from '../../../src/cli/verbs/down.ts';
import { logs } from '../../../src/cli/verbs/logs.ts';
import { ps } from '../../../src/cli/verbs/ps.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { running } from '../../control/fake-runtime.ts';
import { configured, fakeContext, twoServices } from '../fake-context.ts';
import { frontDoor } from './front-door.ts';

const noDocker = new LlmOpsError('docker_unavailable', 'nobody listens');

describe('down', () => {
  it('ends what runs', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.units = [running('vicuna-engine-0')];

    assert.equal(
      await down({ ...(await configured(t, twoServices())), volumes: false }, context),
      0,
    );
    assert.deepEqual(context.data, ['two has ended.']);
    assert.deepEqual(context.fakes.fakeLocal.units, []);
  });

  it('needs nothing of the file but the name: what was broken or deleted since does not matter', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.units = [running('vicuna-engine-0')];
    const broken =
      'name: two\nservices:\n  a: { engine: llama.cpp, source: ./gone.gguf, colour: red }\n';

    assert.equal(await down({ ...(await configured(t, broken)), volumes: false }, context), 0);
    assert.deepEqual(context.data, ['two has ended.']);
  });

  it('is content when nothing runs', async (t) => {
    const context = fakeContext();

    assert.equal(
      await down({ ...(await configured(t, twoServices())), volumes: false }, context),
      0,
    );
    assert.deepEqual(context.data, ['two does not run.']);
  });
});

describe('ps', () => {
  it('shows units with their roles, and services with their readiness', async (t) => {
    const port = await frontDoor(t, () => 'loading');
    const context = fakeContext();
    const gpus = ['GPU-1'];
    context.fakes.fakeLocal.units = [{ ...running('vicuna-engine-0'), gpus }, running('gateway')];

    assert.equal(await ps(await configured(t, twoServices(port)), context), 0);

    const text = context.data.join('\n');
    assert.match(text, /^vicuna-engine-0 +engine +running +up 2 minutes +GPU-1$/m);
    assert.match(text, /^gateway +gateway +running +up 2 minutes +-$/m);
    assert.match(
      text,
      /^vicuna +loading +http:\/\/localhost:\d+\/api\/vicuna +answered HTTP 503$/m,
    );
  });

  it('keeps every line within 100 columns, and every URL whole', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.units = [{ ...running('vicuna-engine-0'), detail: 'x'.repeat(200) }];

    // Nobody listens on port 1: the detail says so at length.
    await ps(await configured(t, twoServices(1)), context);

    const lines = context.data.join('\n').split('\n');
    assert.deepEqual(
      lines.filter((line) => line.length > 100),
      [],
    );
    assert.match(lines.at(-1) ?? '', /http:\/\/localhost:1\/api\/vicuna +http.*…$/);
  });

  it('shows why an engine died, below its row, also while it is on its way back', async (t) => {
    const port = await frontDoor(t, () => 'loading');
    const context = fakeContext();
    const unit = 'vicuna-engine-0';
    const stopped = { ...running('Llama-2-7b-engine-0'), state: 'stopped' } as const;
    context.fakes.fakeLocal.units = [
      stopped,
      { ...running(unit), state: 'starting', restarts: 2 },
      { ...running('gateway'), state: 'restarting' },
    ];
    context.fakes.fakeLocal.lines = [
      {
        unit,
        text: '(EngineCore pid=7) ERROR 11-21 12:12:47 [core.py:1510] ValueError: too large',
      },
      { unit, text: 'Traceback (most recent call last):' },
      { unit, text: 'RuntimeError: Engine core initialization failed. See root cause above.' },
      { unit, text: 'it begins anew' },
      ...['1', '2', '3', 'x'.repeat(200)].map((text) => ({ unit: stopped.name, text })),
    ];
    const options = await configured(t, twoServices(port));

    await ps(options, context);
    await ps({ ...options, json: true }, context);

    const [, ...lines] = context.data.slice(0, -1).join('\n').split('\n');
    assert.deepEqual(lines.slice(1, 4), ['    2', '    3', `    ${'x'.repeat(95)}…`]);
    assert.match(lines[4] ?? '', /^vicuna-engine-0 /);
    assert.equal(lines[5], '    ValueError: too large');
    assert.match(lines[6] ?? '', /^gateway /, 'what is no engine has no lines');
    const { units } = JSON.parse(context.data.at(-1) ?? '') as {
      units: readonly { last_lines?: readonly string[] }[];
    };
    assert.deepEqual(
      units.map((row) => row.last_lines?.length),
      [3, 1, undefined],
    );
  });

  it('reads no log of engines that are well', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.units = [
      { ...running('vicuna-engine-0'), restarts: 2 },
      { ...running('Llama-2-7b-engine-0'), state: 'starting', restarts: 0 },
    ];

    await ps(await configured(t, twoServices(1)), context);

    assert.deepEqual(context.fakes.fakeLocal.calls, []);
  });

  it('says that nothing runs, and why Docker was not asked', async (t) => {
    const context = fakeContext({ dockerProblem: noDocker });

    assert.equal(await ps(await configured(t, twoServices()), context), 0);
    assert.deepEqual(context.data, ['two does not run.']);
    assert.match(context.notes.join('\n'), /nobody listens/);
  });

  it('as JSON it is one object, also when nothing runs', async (t) => {
    const context = fakeContext();

    await ps({ ...(await configured(t, twoServices())), json: true }, context);

    const printed: unknown = JSON.parse(context.data.join(''));
    assert.deepEqual(printed, { name: 'two', runtime: null, units: [], services: [] });
  });
});

describe('logs', () => {
  const base = { names: [] as readonly string[], tail: 5, follow: false };
  const lines = [
    { unit: 'vicuna-engine-0', text: 'hello' },
    { unit: 'gateway', text: 'listening' },
  ];

  async function running2(t: TestContext) {
    const context = fakeContext();
    context.fakes.fakeLocal.units = [running('vicuna-engine-0'), running('gateway')];
    context.fakes.fakeLocal.lines = lines;
    return { context, options: { ...base, ...(await configured(t, twoServices())) } };
  }

  it('shows all units, each line with its unit', async (t) => {
    const { context, options } = await running2(t);

    assert.equal(await logs(options, context), 0);
    assert.deepEqual(context.data, ['vicuna-engine-0 | hello', 'gateway         | listening']);
  });

  it('a service means its units', async (t) => {
    const { context, options } = await running2(t);

    await logs({ ...options, names: ['vicuna'], json: true }, context);

    assert.deepEqual(context.data, [JSON.stringify(lines[0])]);
    assert.deepEqual(context.fakes.fakeLocal.calls, ['logs vicuna-engine-0 5']);
  });

  it('a name that means nothing is refused with those that do', async (t) => {
    const { context, options } = await running2(t);

    await assert.rejects(
      logs({ ...options, names: ['vicunia'] }, context),
      (error: LlmOpsError) => {
        assert.equal(error.code, 'usage');
        assert.match(error.hint ?? '', /vicuna.*gateway/);
        return true;
      },
    );
  });

  it('a service without a unit of its own here has no lines, not those of all', async (t) => {
    const { context, options } = await running2(t);

    assert.equal(await logs({ ...options, names: ['Llama-2-7b'] }, context), 0);
    assert.deepEqual(context.data, []);
  });

  it('without a running stack it fails', async (t) => {
    const options = { ...base, ...(await configured(t, twoServices())) };

    await assert.rejects(logs(options, fakeContext()), { code: 'not_running' });
  });
});
