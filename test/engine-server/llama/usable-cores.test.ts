import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { usableCores } from '../../../src/engine-server/llama/usable-cores.ts';

const cores = (available: number, files: Readonly<Record<string, string>>) =>
  usableCores({ available, read: (path) => files[path] ?? null });

describe('the cores that a process may use', () => {
  it('are those of its affinity where nothing else limits it', () => {
    assert.equal(cores(8, {}), 8);
    assert.equal(
      cores(8, { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' }),
      8,
    );
    assert.equal(
      cores(8, {
        '/proc/self/cgroup': '3:cpu,cpuacct:/\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      }),
      8,
    );
  });

  it('are no more than the quota of version 2, of the group itself or of one around it', () => {
    const group = { '/proc/self/cgroup': '0::/a/b\n' };
    assert.equal(cores(8, { ...group, '/sys/fs/cgroup/a/b/cpu.max': '350000 100000\n' }), 3);
    const both = {
      ...group,
      '/sys/fs/cgroup/a/cpu.max': '200000 100000\n',
      '/sys/fs/cgroup/a/b/cpu.max': 'max 100000\n',
    };
    assert.equal(cores(8, both), 2);
    assert.equal(cores(1, both), 1);
  });

  it('are no more than the quota of version 1, also where a container knows its group by its host’s path', () => {
    const files = {
      '/proc/self/cgroup': '5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '100000\n',
      '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '50000\n',
    };
    assert.equal(cores(8, files), 2);
  });

  it('are at least one', () => {
    const files = { '/proc/self/cgroup': '0::/', '/sys/fs/cgroup/cpu.max': '50000 100000' };
    assert.equal(cores(8, files), 1);
  });

  it('are found on this machine', () => {
    assert.ok(usableCores() >= 1);
  });
});
