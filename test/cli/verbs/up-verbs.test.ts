import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { up } from '../../../src/cli/verbs/up.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { running } from '../../control/fake-runtime.ts';
import { configured, fakeContext, twoServices } from '../fake-context.ts';
import { frontDoor } from './front-door.ts';

const noDocker = new LlmOpsError('docker_unavailable', 'nobody listens');

describe('up', () => {
  const base = { runtime: 'local', foreground: false, timeout: 60_000 } as const;

  it('says what it does, waits, and shows a request that works', async (t) => {
    const states = ['starting', 'loading', 'loading'];
    const port = await frontDoor(t, () => states.shift() ?? 'ready');
    const context = fakeContext();

    const status = await up({ ...base, ...(await configured(t, twoServices(port))) }, context);

    assert.equal(status, 0);
    assert.deepEqual(context.fakes.fakeLocal.calls, ['apply']);
    assert.match(context.notes.join('\n'), /create +Llama-2-7b-engine-0/);
    assert.match(context.notes.join('\n'), /: loading/);
    const door = `http://localhost:${String(port)}/api/Llama-2-7b`;
    assert.ok(context.data.join('\n').includes(`curl -X POST ${door}/worker_generate \\\n`));
  });

  it('a stack that runs already is waited for, and shown', async (t) => {
    const port = await frontDoor(t, () => 'ready');
    const context = fakeContext();
    context.fakes.fakeLocal.units = [running('Llama-2-7b-engine-0'), running('vicuna-engine-0')];

    const status = await up({ ...base, ...(await configured(t, twoServices(port))) }, context);

    assert.equal(status, 0);
    assert.match(context.notes.join('\n'), /nothing to change/);
    assert.match(context.data.join('\n'), /curl/);
  });

  it('--port moves the front door', async (t) => {
    const port = await frontDoor(t, () => 'ready');
    const context = fakeContext();

    await up({ ...base, ...(await configured(t, twoServices())), port, json: true }, context);

    const printed = JSON.parse(context.data.join('')) as { services: { url: string }[] };
    assert.equal(printed.services[1]?.url, `http://localhost:${String(port)}/api/vicuna`);
  });

  it('interrupted before anything was started, it does not claim that something runs', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.onApply = () => {
      context.stop.abort();
      return Promise.reject(new Error('interrupted'));
    };

    const status = await up({ ...base, ...(await configured(t, twoServices())) }, context);

    assert.equal(status, 130);
    assert.equal(context.notes.at(-1), 'Interrupted. Nothing of it runs.');
  });

  it('a service that does not get ready fails, with its last words', async (t) => {
    const port = await frontDoor(t, () => 'loading');
    const context = fakeContext();
    context.fakes.fakeLocal.lines = [{ unit: 'vicuna-engine-0', text: 'out of memory' }];

    const starting = up(
      { ...base, ...(await configured(t, twoServices(port))), timeout: 50 },
      context,
    );

    await assert.rejects(starting, (error: LlmOpsError) => {
      assert.equal(error.code, 'start_failed');
      assert.match(error.message, /Llama-2-7b, vicuna/);
      assert.match(error.message, /vicuna-engine-0 \| out of memory/);
      assert.match(error.hint ?? '', /llm-ops down -f/);
      return true;
    });
    assert.deepEqual(context.data, []);
  });

  it('of a log it tells the reason, not the traceback below it', async (t) => {
    const port = await frontDoor(t, () => 'loading');
    const context = fakeContext();
    context.fakes.fakeLocal.lines = [
      'OSError: org/m is not a local folder and is not a valid model identifier',
      'Traceback (most recent call last):',
      ...Array.from({ length: 40 }, (_, at) => `  File "${String(at)}.py", line 1`),
      'RuntimeError: Engine core initialization failed. See root cause above.',
    ].map((text) => ({ unit: 'vicuna-engine-0', text }));
    const options = { ...base, ...(await configured(t, twoServices(port))), timeout: 50 };

    await assert.rejects(up(options, context), (error: LlmOpsError) => {
      assert.match(error.message, /vicuna-engine-0 \| OSError: org\/m is not a local folder/);
      assert.doesNotMatch(error.message, /File|Traceback|root cause/);
      return true;
    });
  });

  it('an interruption leaves what runs, and says so', async (t) => {
    const context = fakeContext();
    const port = await frontDoor(t, () => {
      context.stop.abort();
      return 'loading';
    });

    const status = await up({ ...base, ...(await configured(t, twoServices(port))) }, context);

    assert.equal(status, 130);
    assert.match(context.notes.at(-1) ?? '', /keeps running: .*llm-ops down/);
    assert.deepEqual(context.fakes.fakeLocal.calls, ['apply']);
  });

  it('an interruption while it starts is none of its failures', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.onApply = () => {
      context.stop.abort();
      return Promise.reject(new Error('aborted'));
    };

    assert.equal(await up({ ...base, ...(await configured(t, twoServices())) }, context), 130);
  });

  it('--foreground ends with the terminal', async (t) => {
    const port = await frontDoor(t, () => 'ready');
    const context = fakeContext();
    const out = context.terminal.out;
    const terminal = {
      ...context.terminal,
      out: (text: string) => {
        out(text);
        context.stop.abort();
      },
    };
    const options = {
      ...(await configured(t, twoServices(port))),
      foreground: true,
      timeout: 60_000,
    };

    assert.equal(await up(options, { ...context, terminal }), 0);
    assert.deepEqual(context.fakes.fakeLocal.calls, ['run', 'ended']);
    assert.match(context.data.join('\n'), /Ctrl-C/);
  });

  it('--foreground does not go with Docker', async (t) => {
    const options = { ...(await configured(t, twoServices())), foreground: true, timeout: 1 };

    await assert.rejects(up({ ...options, runtime: 'docker' }, fakeContext()), { code: 'usage' });
  });

  it('Docker asked for and absent is its own error', async (t) => {
    const options = {
      ...base,
      ...(await configured(t, twoServices())),
      runtime: 'docker',
    } as const;

    await assert.rejects(up(options, fakeContext({ dockerProblem: noDocker })), noDocker);
  });
});
