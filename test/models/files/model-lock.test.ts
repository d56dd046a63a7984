import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { tryLock, waitForLock } from '../../../src/models/files/model-lock.ts';

const LOCK = new URL('../../../src/models/files/model-lock.ts', import.meta.url).href;

describe('the lock of a model', () => {
  let directory = '';
  let file = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'model-lock-'));
    file = join(directory, 'deep/er/llm-ops.lock');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it('is held by one, and by the next when it was given back', async () => {
    const release = await tryLock(file);
    assert.notEqual(release, null);
    assert.equal(await tryLock(file), null);
    // That look did not loosen it.
    assert.equal(await tryLock(file), null);
    release?.();
    const next = await tryLock(file);
    assert.notEqual(next, null);
    next?.();
  });

  it('is held against other processes, and falls to the next one when its holder is killed', async () => {
    const hold = `const { tryLock } = await import(${JSON.stringify(LOCK)});
      globalThis.release = await tryLock(${JSON.stringify(file)});
      console.log(typeof globalThis.release);
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', hold], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    assert.equal(said.toString().trim(), 'function');
    let looks = 0;
    const waiting = waitForLock(file, new AbortController().signal, () => {
      looks += 1;
      if (looks === 2) child.kill('SIGKILL');
    });
    const release = await waiting;
    assert.ok(looks >= 2);
    release();
  });

  it('is waited for until the signal says no', async () => {
    const release = await tryLock(file);
    const leaving = new AbortController();
    const reason = new Error('enough');
    const waiting = waitForLock(file, leaving.signal, () => {
      leaving.abort(reason);
    });
    await assert.rejects(waiting, (error) => error === reason);
    release?.();
  });

  it('says which file it is that cannot be locked', async () => {
    await assert.rejects(tryLock(directory), {
      code: 'path_refused',
      message: new RegExp(directory),
    });
  });
});
