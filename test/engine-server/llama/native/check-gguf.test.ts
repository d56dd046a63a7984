import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

import { checkGguf } from '../../../../src/engine-server/llama/native/check-gguf.ts';

async function fileWith(t: TestContext, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'check-gguf-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'model.gguf');
  await writeFile(file, content);
  return file;
}

describe('a model’s file', () => {
  it('is fine when it begins as one of GGUF', async (t) => {
    await checkGguf(await fileWith(t, 'GGUF\u0003\0\0\0 and so on'));
  });

  for (const [what, content] of [
    ['of another format', '{"format":"safetensors"}'],
    ['that ends too early', 'GG'],
    ['that is empty', ''],
  ] as const) {
    it(`${what} is refused by its name`, async (t) => {
      const file = await fileWith(t, content);
      await assert.rejects(checkGguf(file), {
        code: 'model_corrupt',
        message: `${file} is no GGUF file.`,
      });
    });
  }

  it('that is not there, or no file, is named as that', async () => {
    await assert.rejects(checkGguf('/nowhere/model.gguf'), {
      code: 'model_not_found',
      message: /\/nowhere\/model\.gguf: ENOENT/,
    });
    await assert.rejects(checkGguf(tmpdir()), { code: 'model_not_found', message: /EISDIR/ });
  });
});
