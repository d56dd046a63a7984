import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { fetchLlamaPackage } from '../../../src/local/built-in/fetch-llama-package.ts';
import {
  isFetched,
  type LlamaPackage,
  llamaPackage,
} from '../../../src/local/built-in/llama-package.ts';
import { findOnPath } from '../../../src/local/process/find-on-path.ts';
import { identify } from '../../../src/local/process/process-identity.ts';
import { eventually } from '../stand-ins.ts';
import { type FakeNpm, makeFakeNpm } from './fake-npm.ts';

const X64 = { platform: 'linux', arch: 'x64', isGlibc: true };

let root = '';
let npm: FakeNpm;
let llama: LlamaPackage;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fetch-'));
  npm = makeFakeNpm(root);
  llama = packageFor(X64);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function packageFor(machine: typeof X64): LlamaPackage {
  const env = { XDG_CACHE_HOME: join(root, 'cache') };
  return llamaPackage({ productRoot: npm.productRoot, env, machine });
}

type FetchOptions = {
  readonly mode?: string;
  readonly signal?: AbortSignal;
  readonly path?: string;
};

/** Returns what was reported. */
async function fetch(options: FetchOptions = {}): Promise<readonly string[]> {
  const { mode, signal = new AbortController().signal, path = npm.path } = options;
  const told: string[] = [];
  const report = ({ text }: { readonly text: string }) => void told.push(text);
  await fetchLlamaPackage(llama, { PATH: path, FAKE_NPM: mode }, { report, signal });
  return told;
}

/** Whatever lies beside the package. */
function leftovers(): readonly string[] {
  return readdirSync(dirname(llama.directory)).filter((name) => name !== basename(llama.directory));
}

describe('the native package', () => {
  it('lies in the user’s cache, by version, platform and lock', () => {
    assert.equal(dirname(llama.directory), join(root, 'cache/llm-ops/llama.cpp'));
    assert.match(basename(llama.directory), /^1\.2\.3-linux-x64-[0-9a-f]{8}$/);
    assert.equal(packageFor(X64).directory, llama.directory);
  });

  it('is another one when the product pins another dependency of the same version', async () => {
    await fetch();
    const lock = join(llama.pins, 'package-lock.json');
    writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll('sha512-x', 'sha512-y'));
    const next = packageFor(X64);
    assert.notEqual(next.directory, llama.directory);
    assert.equal(isFetched(next), false);
    assert.equal(isFetched(llama), true);
  });

  it('is fetched by npm, by the lock and without scripts, and put into its place', async () => {
    const told = await fetch();
    assert.equal(isFetched(llama), true);
    assert.match(npm.calls()[0]!.args, /^ci --omit=optional --ignore-scripts --no-audit --no-fund/);
    assert.match(told[0]!, /^fetching the built-in llama.cpp \(.*1\.2\.3, linux-x64\).* MB$/);
    assert.match(told.at(-1)!, /^fetched /);
    assert.deepEqual(leftovers(), []);
  });

  it('is fetched once', async () => {
    await fetch();
    assert.deepEqual(await fetch(), []);
    assert.equal(npm.calls().length, 1);
  });

  it('is fetched once by two that want it at the same time', async () => {
    const [, second] = await Promise.all([fetch({ mode: 'slow' }), fetch({ mode: 'slow' })]);
    assert.equal(npm.calls().length, 1);
    assert.match(second[0]!, /^waiting: another command fetches/);
    assert.deepEqual(leftovers(), []);
  });

  it('is fetched again when somebody deleted from it', async () => {
    await fetch();
    rmSync(join(llama.directory, 'node_modules'), { recursive: true });
    await fetch();
    assert.equal(isFetched(llama), true);
  });

  it('is fetched by the next one when a fetch was killed, whose leftovers go away', async () => {
    const draft = `${llama.directory}.draft-1`;
    mkdirSync(join(draft, 'node_modules'), { recursive: true });
    writeFileSync(
      `${llama.directory}.lock`,
      JSON.stringify({ pid: process.pid, startId: 'other' }),
    );
    await fetch();
    assert.equal(isFetched(llama), true);
    assert.deepEqual(leftovers(), []);
  });

  it('is left where it is when one does not wait for it: npm ends, and nothing stays behind', async () => {
    const interrupt = new AbortController();
    const fetching = fetch({ mode: 'hang', signal: interrupt.signal });
    const pid = await eventually('npm runs', () => npm.calls()[0]?.pid ?? null);
    interrupt.abort(new Error('Ctrl-C'));
    await assert.rejects(fetching, { message: 'Ctrl-C' });
    assert.equal(identify(pid), null);
    assert.deepEqual(leftovers(), []);
    assert.equal(existsSync(llama.directory), false);
  });
});

describe('a fetch that fails', () => {
  for (const [mode, code, message] of [
    [
      'unreachable',
      'engine_missing',
      /^npm cannot fetch .*: FetchError: request to http.*REFUSED$/,
    ],
    ['full', 'disk_full', /is full$/],
    ['broken', 'engine_missing', /does not load here: .*cannot open shared object file/],
  ] as const) {
    it(`says why and leaves nothing behind: ${mode}`, async () => {
      await assert.rejects(fetch({ mode }), { code, message });
      assert.deepEqual(leftovers(), []);
      assert.equal(existsSync(llama.directory), false);
    });
  }

  // A Node that brings its npm along needs none on the PATH.
  const hasNpm = findOnPath('npm', dirname(process.execPath)) !== null;
  it('says that there is no npm', { skip: hasNpm }, async () => {
    await assert.rejects(fetch({ path: join(root, 'nothing') }), {
      code: 'engine_missing',
      message: /`npm` is not on the PATH/,
    });
  });

  it('says that there are no binaries for this machine', async () => {
    llama = packageFor({ ...X64, isGlibc: false });
    await assert.rejects(fetch(), {
      code: 'engine_missing',
      message: 'there is no built-in llama.cpp for linux-x64-musl',
      hint: /llama-server/,
    });
  });
});
