import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

const read = (name: string): string =>
  readFileSync(new URL(`../../../bench/targets/portkey/pins/${name}`, import.meta.url), 'utf8');
type Locked = { readonly version?: string; readonly integrity?: string };

describe("Portkey's lock file", () => {
  const lock = read('package-lock.json');
  const { packages } = JSON.parse(lock) as { readonly packages: Readonly<Record<string, Locked>> };

  it('names no registry', () => {
    assert.doesNotMatch(lock, /"resolved"|https?:\/\/registry/);
  });

  it('has the pinned gateway, with the server that its chat completions work with', () => {
    assert.equal(packages['node_modules/@portkey-ai/gateway']?.version, '1.15.2');
    const servers = Object.entries(packages).filter(([path]) => path.endsWith('@hono/node-server'));
    assert.deepEqual(
      servers.map(([, { version }]) => version),
      ['1.14.1'],
    );
  });

  it('has a hash of every package', () => {
    for (const [path, { integrity }] of Object.entries(packages))
      if (path !== '') assert.match(integrity ?? path, /^sha512-/);
  });
});
