import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fetchOnce, tryCommand } from '../../../bench/targets/fetch-once.ts';

async function makeDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-fetch-once-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('fetching once', () => {
  it('fills a directory the first time only', async (t) => {
    const cache = await makeDirectory(t);
    const directory = join(cache, 'deep', 'program-1');
    const fill = async (draft: string): Promise<null> => {
      await writeFile(join(draft, 'file'), 'whole');
      return null;
    };
    assert.equal(await fetchOnce(directory, fill), null);
    assert.equal(await fetchOnce(directory, () => assert.fail('again')), null);
    assert.equal(await readFile(join(directory, 'file'), 'utf8'), 'whole');
    assert.deepEqual(await readdir(join(cache, 'deep')), ['program-1']);
  });

  it('leaves nothing behind and tells the reason when it cannot be filled', async (t) => {
    const cache = await makeDirectory(t);
    const fill = async (draft: string): Promise<string> => {
      await writeFile(join(draft, 'file'), 'half');
      return 'the registry is away';
    };
    assert.equal(await fetchOnce(join(cache, 'program-1'), fill), 'the registry is away');
    assert.deepEqual(await readdir(cache), []);
  });

  it('takes what somebody else was faster with', async (t) => {
    const cache = await makeDirectory(t);
    const directory = join(cache, 'program-1');
    const fillAs = (who: string) => async (draft: string) => {
      await writeFile(join(draft, 'file'), who);
      return null;
    };
    const slow = await fetchOnce(directory, async (draft) => {
      await fetchOnce(directory, fillAs('fast'));
      return fillAs('slow')(draft);
    });
    assert.equal(slow, null);
    assert.equal(await readFile(join(directory, 'file'), 'utf8'), 'fast');
    assert.deepEqual(await readdir(cache), ['program-1']);
  });

  it('tells a directory that cannot be written', async (t) => {
    const cache = await makeDirectory(t);
    await writeFile(join(cache, 'file'), '');
    const reason = await fetchOnce(join(cache, 'file', 'program-1'), () => assert.fail('filled'));
    assert.match(String(reason), /cannot be written/);
  });
});

describe('a command that is tried', () => {
  it('has no reason when it succeeds', async () => {
    assert.equal(await tryCommand([process.execPath, '-e', ''], tmpdir()), null);
  });

  it('has the first sentence of its error as its reason', async () => {
    const apt = 'Reading lists\nE: Unable to locate package nginx\nE: No packages found';
    const npm =
      'npm error code ECONNREFUSED\nnpm error syscall connect\nnpm error FetchError: refused\nnpm error A complete log of this run';
    assert.equal(await failWith(apt), 'Unable to locate package nginx');
    assert.equal(await failWith(npm), 'FetchError: refused');
  });

  it('has its last line as its reason where nothing looks like an error', async () => {
    assert.equal(await failWith('one\nanother\n\n'), 'another');
    assert.match(String(await failWith('')), /failed without a word/);
  });

  it('has a reason when there is no such program', async () => {
    const reason = await tryCommand(['llm-ops-no-such-program'], tmpdir());
    assert.equal(reason, 'there is no llm-ops-no-such-program on the PATH');
  });
});

function failWith(said: string): Promise<string | null> {
  const script = `process.stderr.write(${JSON.stringify(said)}); process.exitCode = 1`;
  return tryCommand([process.execPath, '-e', script], tmpdir());
}
