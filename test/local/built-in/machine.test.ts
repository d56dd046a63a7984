import assert from 'node:assert/strict';
import { it } from 'node:test';

import { binaryPackage, platformName, usesGpu } from '../../../src/local/built-in/machine.ts';

for (const [platform, arch, isGlibc, name, binary] of [
  ['linux', 'x64', true, 'linux-x64', '@node-llama-cpp/linux-x64'],
  ['linux', 'arm', true, 'linux-arm', '@node-llama-cpp/linux-armv7l'],
  ['linux', 'x64', false, 'linux-x64-musl', null],
  ['linux', 'riscv64', true, 'linux-riscv64', null],
  ['darwin', 'arm64', false, 'darwin-arm64', '@node-llama-cpp/mac-arm64-metal'],
] as const) {
  it(`${name} has ${binary ?? 'no binaries'}`, () => {
    const machine = { platform, arch, isGlibc };
    assert.equal(platformName(machine), name);
    assert.equal(binaryPackage(machine), binary);
  });
}

it('the built-in llama.cpp computes on the GPU of Apple’s processors alone', () => {
  const on = (platform: string, arch: string) => usesGpu({ platform, arch, isGlibc: false });
  assert.deepEqual(
    [on('darwin', 'arm64'), on('darwin', 'x64'), on('linux', 'arm64')],
    [...[true, false, false]],
  );
});
