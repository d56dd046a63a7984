import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { lookAtPath } from '../../src/models/path-source.ts';

describe('a model of the user’s own', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'path-source-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is a file', async () => {
    const path = join(directory, 'm.gguf');
    writeFileSync(path, '12345');
    assert.deepEqual(await lookAtPath(path, 'gguf'), { path, files: [path], bytes: 5 });
  });

  it('is all parts of a split file, whichever is named', async () => {
    const parts = [1, 2].map((part) => join(directory, `m-0000${String(part)}-of-00002.gguf`));
    const [first = '', second = ''] = parts;
    writeFileSync(first, '123');
    await assert.rejects(lookAtPath(first, 'gguf'), {
      code: 'model_not_found',
      message: `Parts of the model are missing: ${second}.`,
    });
    writeFileSync(second, '45');
    assert.deepEqual(await lookAtPath(second, 'gguf'), { path: first, files: parts, bytes: 5 });
  });

  it('is a directory with all that is below it', async () => {
    mkdirSync(join(directory, 'sub'));
    writeFileSync(join(directory, 'config.json'), '{}');
    writeFileSync(join(directory, 'sub/x.safetensors'), '123');
    assert.deepEqual(await lookAtPath(directory, 'directory'), {
      path: directory,
      files: [join(directory, 'config.json'), join(directory, 'sub/x.safetensors')],
      bytes: 5,
    });
  });

  it('is no directory for llama.cpp, which is told what is in it', async () => {
    writeFileSync(join(directory, 'm.gguf'), '');
    await assert.rejects(lookAtPath(directory, 'gguf'), {
      code: 'model_not_found',
      hint: 'It has m.gguf.',
    });
  });

  it('is no directory without weights, nor a file in the place of one', async () => {
    await assert.rejects(lookAtPath(directory, 'directory'), {
      code: 'model_not_found',
      hint: 'It is empty.',
    });
    const file = join(directory, 'config.json');
    writeFileSync(file, '{}');
    await assert.rejects(lookAtPath(directory, 'directory'), {
      message: `The directory ${directory} has no weights in it.`,
      hint: 'It has config.json.',
    });
    await assert.rejects(lookAtPath(file, 'directory'), {
      code: 'model_not_found',
      message: `${file} is a file, and only llama.cpp loads a single one, a GGUF.`,
    });
  });

  it('is not found when it is not there', async () => {
    await assert.rejects(lookAtPath(join(directory, 'none'), 'directory'), {
      code: 'model_not_found',
      message: `There is no file or directory ${join(directory, 'none')}.`,
    });
  });
});
