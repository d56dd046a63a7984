import assert from 'node:assert/strict';
import { hostname, tmpdir } from 'node:os';
import { describe, it } from 'node:test';

import { describeCommit, describeMachine, readHypervisor } from '../../../bench/report/machine.ts';

describe('the machine', () => {
  it('is described without its name or a path', async () => {
    const machine = await describeMachine();

    const text = JSON.stringify(machine);
    assert.ok(!text.includes(hostname()));
    assert.doesNotMatch(text, /"\/|:\/\//);
    assert.ok(machine.cores >= 1 && machine.memoryGiB > 0 && machine.cpu !== '');
    assert.equal(machine.node, process.versions.node);
  });

  it('tells its hypervisor where lscpu does', () => {
    assert.equal(readHypervisor('CPU(s): 2\nHypervisor vendor:    KVM\nVendor ID: x\n'), 'KVM');
    assert.equal(readHypervisor('Vendor ID: GenuineIntel\n'), null);
    assert.equal(readHypervisor(''), null);
  });
});

describe('the commit', () => {
  it('is null outside of a checkout', async () => {
    assert.equal(await describeCommit(tmpdir()), null);
  });
});
