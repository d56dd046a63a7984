import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { requireUnused } from '../../../src/models/files/require-unused.ts';

const WAIT = `console.log('here'); setInterval(() => {}, 1000);`;
const KEEP_OPEN = `require('fs').openSync(process.env.FILE); ${WAIT}`;
const KEEP_MAPPED = `
import mmap, os, time
with open(os.environ["FILE"], "rb") as file:
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
print("here", flush=True)
os.closerange(3, 100)
time.sleep(600)
`;

describe('files that are in use', { skip: process.platform !== 'linux' }, () => {
  let directory = '';
  let file = '';
  const children: ChildProcess[] = [];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'in-use-'));
    file = join(directory, 'model.gguf');
    writeFileSync(file, 'weights');
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(directory, { recursive: true });
  });
  /** Returns when it has begun. */
  const start = async (program: string, args: readonly string[], FILE = file): Promise<number> => {
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'], FILE },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child.pid ?? 0;
  };

  it('are those of nobody while nobody has them', async () => {
    await requireUnused('it', [file, directory, join(directory, 'none')]);
  });

  for (const { how, program, args } of [
    { how: 'named in a command line', program: process.execPath, args: ['-e', WAIT, 'FILE'] },
    { how: 'open', program: process.execPath, args: ['-e', KEEP_OPEN] },
    { how: 'mapped', program: 'python3', args: ['-c', KEEP_MAPPED] },
  ]) {
    it(`are found when they are ${how}, and named with who has them`, async () => {
      const pid = await start(
        program,
        args.map((word) => (word === 'FILE' ? file : word)),
      );
      await assert.rejects(requireUnused('org/name', [file]), {
        code: 'model_in_use',
        message: new RegExp(`^org/name is in use by (node|python3) \\(pid ${String(pid)}\\)\\.$`),
        details: { pids: [pid] },
      });
    });
  }

  it('are not found by a link to what somebody else has by another path', async () => {
    const link = join(directory, 'link.gguf');
    symlinkSync(file, link);
    await start(process.execPath, ['-e', KEEP_OPEN]);
    await requireUnused('it', [link]);
  });

  it('are found by what they are, as a container has them at another path', async () => {
    const inside = join(directory, 'inside');
    mkdirSync(inside);
    linkSync(file, join(inside, 'model.gguf'));
    await start('python3', ['-c', KEEP_MAPPED], join(inside, 'model.gguf'));
    await assert.rejects(requireUnused('it', [file]), { code: 'model_in_use' });
  });
});
