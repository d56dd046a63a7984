import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { pinnedFiles } from '../../../src/local/built-in/pinned-files.ts';

const PINS = join(import.meta.dirname, '../../../native/llama.cpp');
const real = {
  manifest: readFileSync(join(PINS, 'package.json'), 'utf8'),
  lock: readFileSync(join(PINS, 'package-lock.json'), 'utf8'),
};
const BINARY = '@node-llama-cpp/linux-x64';

type Entry = Readonly<Record<string, unknown>>;
type Lock = { readonly packages: Readonly<Record<string, Entry>> };
const parse = (text: string) => JSON.parse(text) as Lock;

describe('the pins of one machine', () => {
  const before = parse(real.lock).packages;
  const cut = pinnedFiles(real, BINARY);
  const { packages } = parse(cut.lock);

  it('make its binaries a dependency of the version and with the hash that are pinned', () => {
    const pinned = before[`node_modules/${BINARY}`]!;
    const { optional, version, integrity } = packages[`node_modules/${BINARY}`]!;
    assert.equal(typeof integrity, 'string');
    assert.deepEqual(
      { optional, version, integrity },
      { optional: undefined, version: pinned['version'], integrity: pinned['integrity'] },
    );
    const manifest = JSON.parse(cut.manifest) as { readonly dependencies: Entry };
    assert.equal(manifest.dependencies[BINARY], version);
    // npm refuses a lock whose root says something else.
    assert.deepEqual(packages['']?.['dependencies'], manifest.dependencies);
  });

  it('have no other optional package, and nothing that asks for one', () => {
    assert.deepEqual(
      Object.keys(packages).filter((path) => path.includes('@node-llama-cpp/')),
      [`node_modules/${BINARY}`],
    );
    for (const [path, entry] of Object.entries(packages))
      assert.equal('optionalDependencies' in entry || entry['optional'] === true, false, path);
  });

  it('have a hash for every package', () => {
    for (const [path, entry] of Object.entries(packages))
      if (path !== '') assert.match(String(entry['integrity']), /^sha512-/, path);
  });

  it('leave the other packages as they are', () => {
    const path = 'node_modules/chalk';
    assert.notEqual(before[path], undefined);
    assert.deepEqual(packages[path], before[path]);
  });
});

describe('binaries that are not pinned', () => {
  it('are refused', () => {
    assert.throws(() => pinnedFiles(real, '@node-llama-cpp/amiga'), { code: 'engine_missing' });
  });

  it('are refused without a hash, too', () => {
    const lock = real.lock.replaceAll(/"integrity": "[^"]*",/g, '');
    assert.throws(() => pinnedFiles({ ...real, lock }, BINARY), { code: 'engine_missing' });
  });
});
