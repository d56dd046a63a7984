import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { processTree } from '../../../bench/harness/cpu.ts';
import { parseCoreList, pinned } from '../../../bench/harness/pin.ts';
import { spawnPinned } from '../../../bench/harness/spawn.ts';

const NESTED = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']); process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.error('here');`;

describe('what the bench starts', () => {
  it('is gone with all that it started when it is closed, even where it does not want to', async () => {
    const program = await spawnPinned({
      command: process.execPath,
      args: ['-e', NESTED],
      core: null,
    });
    while (processTree(program.pid).length < 2 || program.complaints() === '') await sleep(10);
    const all = processTree(program.pid);
    await program.close();
    while (all.some((pid) => processTree(pid).length > 0)) await sleep(10);
    assert.match(program.complaints(), /here/);
  });

  it('is gone with all that it started when it ends by itself', async () => {
    const script = `const { pid } = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' }); console.error(pid); process.exit();`;
    const program = await spawnPinned({
      command: process.execPath,
      args: ['-e', script],
      core: null,
    });
    while (!program.complaints().endsWith('\n')) await sleep(10);
    while (processTree(Number(program.complaints())).length > 0) await sleep(10);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`is gone when the bench is ended by ${signal}`, async () => {
      const module = new URL('../../../bench/harness/spawn.ts', import.meta.url).href;
      const script = `
        const { spawnPinned } = await import(${JSON.stringify(module)});
        const options = { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1e6)'], core: null };
        process.stdout.write(String((await spawnPinned(options)).pid));
        setInterval(() => {}, 1e6);`;
      const bench = spawn(process.execPath, ['--input-type=module', '-e', script]);
      const [pid] = (await once(bench.stdout, 'data')) as [Buffer];
      assert.equal(processTree(Number(pid)).length, 1);
      bench.kill(signal);
      const [status] = (await once(bench, 'exit')) as [number];
      assert.equal(status, signal === 'SIGINT' ? 130 : 143);
      while (processTree(Number(pid)).length > 0) await sleep(10);
    });
  }

  it('tells when it cannot be started', async () => {
    const options = { command: '/nowhere/nothing', args: [], core: null };
    await assert.rejects(spawnPinned(options), /ENOENT/);
  });

  it('is started on its core', () => {
    assert.deepEqual(pinned(null, 'node', ['a']), ['node', ['a']]);
    assert.deepEqual(pinned(1, 'node', ['a']), ['taskset', ['--cpu-list', '1', 'node', 'a']]);
    assert.deepEqual(parseCoreList('0-2,5'), [0, 1, 2, 5]);
    assert.deepEqual(parseCoreList(''), []);
  });
});
