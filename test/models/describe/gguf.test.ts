import assert from 'node:assert/strict';
import { stat, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';

import { describeModel } from '../../../src/models/describe/describe-model.ts';
import { writeTinyGguf } from '../../e2e/tiny-gguf.ts';
import { scratch, writeGgufKeys } from './tiny-models.ts';

const LLAMA = {
  'general.architecture': 'llama',
  'llama.context_length': 131_072,
  'llama.block_count': 32,
  'llama.embedding_length': 4096,
  'llama.attention.head_count': 32,
  'llama.attention.head_count_kv': 8,
};

describe('describeModel, of a GGUF', () => {
  it('tells what the head of a whole file says', async (t) => {
    const file = join(await scratch(t), 'tiny.gguf');
    await writeTinyGguf(file, ['a b c.']);
    const { size } = await stat(file);

    const facts = await describeModel({ path: file, files: [file], bytes: size }, 'gguf');

    assert.deepEqual([facts.architecture, facts.contextLength], ['llama', 4096]);
    // Almost all of the file are weights of 4 bytes each.
    const parameters = facts.parameters ?? 0;
    assert.ok(parameters * 4 < size && parameters * 4 > size * 0.8, String(parameters));
    assert.equal(facts.quantization, 'F32');
    assert.deepEqual(facts.files, [{ name: 'tiny.gguf', bytes: size }]);
    assert.deepEqual([facts.bytes, facts.memory.weightsBytes], [size, size]);
  });

  it('counts the weights of all parts of a split one', async (t) => {
    const directory = await scratch(t);
    const files = ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf'].map((name) =>
      join(directory, name),
    );
    for (const file of files) await writeTinyGguf(file, ['a b c.']);
    const [path = ''] = files;

    const one = await describeModel({ path, files: [path], bytes: 1 }, 'gguf');
    const both = await describeModel({ path, files: files.toReversed(), bytes: 2 }, 'gguf');

    assert.equal(both.parameters, 2 * (one.parameters ?? 0));
    assert.equal(both.files.length, 2);
  });

  it('names the quantization as the file does, and else after most of the weights', async (t) => {
    const directory = await scratch(t);
    const named = await writeGgufKeys(join(directory, 'a.gguf'), { 'general.file_type': 15 });
    const strange = await writeGgufKeys(join(directory, 'b.gguf'), { 'general.file_type': 9999 });

    assert.equal((await describeModel(named, 'gguf')).quantization, 'Q4_K_M');
    assert.equal((await describeModel(strange, 'gguf')).quantization, null);
  });

  it('finds the chat template', async (t) => {
    const file = join(await scratch(t), 'a.gguf');
    const located = await writeGgufKeys(file, { 'tokenizer.chat_template': '{{ messages }}' });

    const { chatTemplate } = await describeModel(located, 'gguf');

    assert.deepEqual(chatTemplate, { text: '{{ messages }}', from: 'GGUF metadata' });
  });

  it('a cache of keys and values is two numbers of two bytes for each head, layer and token', async (t) => {
    const file = join(await scratch(t), 'a.gguf');

    const { memory } = await describeModel(await writeGgufKeys(file, LLAMA), 'gguf');

    // Llama 3.1 8B: 128 KiB a token.
    const bytesPerToken = 2 * 32 * 8 * 128 * 2;
    assert.equal(bytesPerToken, 131_072);
    assert.deepEqual(memory.kvCache, {
      bytesPerToken,
      contextTokens: 8192,
      bytes: 8192 * bytesPerToken,
    });
  });

  it('assumes no longer context than the model has', async (t) => {
    const file = join(await scratch(t), 'a.gguf');
    const located = await writeGgufKeys(file, { ...LLAMA, 'llama.context_length': 2048 });

    assert.equal((await describeModel(located, 'gguf')).memory.kvCache?.contextTokens, 2048);
  });

  it('layers may differ, and heads have a length of their own', async (t) => {
    const file = join(await scratch(t), 'a.gguf');
    const located = await writeGgufKeys(file, {
      ...LLAMA,
      'llama.block_count': 2,
      'llama.attention.head_count_kv': [8, 2],
      'llama.attention.key_length': 256,
      'llama.attention.value_length': 64,
    });

    const { memory } = await describeModel(located, 'gguf');

    assert.equal(memory.kvCache?.bytesPerToken, (8 + 2) * (256 + 64) * 2);
  });

  it('claims nothing of a cache that it cannot know', async (t) => {
    const file = join(await scratch(t), 'a.gguf');
    const unknown = [
      { 'general.architecture': 'llama' },
      { ...LLAMA, 'llama.attention.kv_lora_rank': 512 },
      { ...LLAMA, 'llama.ssm.state_size': 128 },
      { ...LLAMA, 'llama.attention.head_count': [32, 32] },
    ];

    for (const keys of unknown) {
      const { memory } = await describeModel(await writeGgufKeys(file, keys), 'gguf');
      assert.equal(memory.kvCache, null, JSON.stringify(keys));
    }
  });

  it('a file that is something else, or cut, is told by its name', async (t) => {
    const file = join(await scratch(t), 'page.gguf');
    const located = { path: file, files: [file], bytes: 6 };
    const expected = {
      code: 'model_corrupt',
      message: `${basename(file)} cannot be read as a GGUF`,
    };
    await writeFile(file, '<html>');
    await assert.rejects(describeModel(located, 'gguf'), expected);

    await writeTinyGguf(file, ['a b c.']);
    await truncate(file, 1000);
    await assert.rejects(describeModel(located, 'gguf'), expected);
  });

  it('a pointer that Git LFS left is called so', async (t) => {
    const file = join(await scratch(t), 'clone.gguf');
    await writeFile(file, 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n');
    await assert.rejects(describeModel({ path: file, files: [file], bytes: 1 }, 'gguf'), {
      code: 'model_corrupt',
      message: 'clone.gguf is a pointer of Git LFS, not a GGUF',
      hint: /git lfs pull/,
    });
  });

  it('a file that has gone is what the file system says', async (t) => {
    const file = join(await scratch(t), 'gone.gguf');

    await assert.rejects(describeModel({ path: file, files: [file], bytes: 0 }, 'gguf'), {
      code: 'ENOENT',
    });
  });
});
