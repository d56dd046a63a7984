import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuBetweenNs, processTree, readCpu, readMemoryBytes } from '../../../bench/harness/cpu.ts';
import { spawnPinned } from '../../../bench/harness/spawn.ts';

const NODE = process.execPath;
/** A process that starts another one, which is busy. */
const NESTED = `require('node:child_process').spawn(process.execPath, ['-e', 'for (;;);']); setInterval(() => {}, 1e6);`;

describe('the processor time of a tree', () => {
  it('has the work of children, none of it before they came, and none of ours', async (t) => {
    const parent = await spawnPinned({ command: NODE, args: ['-e', NESTED], core: null });
    t.after(parent.close);
    const before = readCpu(parent.pid);
    while (processTree(parent.pid).length < 2) await sleep(10);
    // On a busy machine it gets less than its share, so it is waited for.
    while (cpuBetweenNs(before, readCpu(parent.pid)) < 3e8) await sleep(20);
    const [middle, own, beganMs] = [readCpu(parent.pid), process.cpuUsage(), performance.now()];
    await sleep(300);
    const usedMs = cpuBetweenNs(middle, readCpu(parent.pid)) / 1e6;
    const { user, system } = process.cpuUsage(own);
    assert.ok(usedMs > 0);
    assert.ok(usedMs < 1.5 * (performance.now() - beganMs), `${usedMs} ms of one busy process`);
    assert.ok((user + system) / 1_000 < 300);
    assert.ok(readMemoryBytes(parent.pid) > readMemoryBytes(process.pid) / 4);
  });

  it('does not shrink when threads go, and counts new ones from their birth', () => {
    const before = new Map([
      ['1/1', 100],
      ['1/2', 1_000],
    ]);
    const after = new Map([
      ['1/1', 150],
      ['2/2', 7],
    ]);
    assert.equal(cpuBetweenNs(before, after), 57);
  });

  it('is empty for who is gone', async () => {
    const gone = await spawnPinned({ command: NODE, args: ['-e', ''], core: null });
    await gone.close();
    assert.deepEqual([readCpu(gone.pid).size, readMemoryBytes(gone.pid)], [0, 0]);
  });
});
