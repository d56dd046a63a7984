import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../llm-ops', import.meta.url));

/** A checkout in a path with blanks, and a PATH with a `node` that tells its arguments and an `npm` that installs in its way. */
type Checkout = { readonly root: string; readonly bin: string; readonly path: string };

type CheckoutOptions = { readonly nodeVersion?: string; readonly npm?: string | null };

const INSTALL = `
echo "npm $*" >> "$PWD/npm-calls"
mkdir -p node_modules/node/bin
cp "$FAKE_BIN/pinned" node_modules/node/bin/node
touch node_modules/.package-lock.json`;

async function script(file: string, body: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
}

/** `version`: what it answers when it is asked whether it runs TypeScript, `24.1.0` or `old`. */
function fakeNode(name: string, version: string): string {
  return `if [ "$1" = -p ]; then echo ${version}; exit; fi\necho "${name} $*"; exit 7`;
}

async function checkout(t: TestContext, options: CheckoutOptions = {}): Promise<Checkout> {
  const { nodeVersion = 'old', npm = INSTALL } = options;
  const base = await mkdtemp(join(tmpdir(), 'llm-ops-test-'));
  t.after(() => rm(base, { recursive: true, force: true }));
  const root = join(base, 'my check out');
  const bin = join(base, 'bin');
  await mkdir(root);
  await mkdir(bin);
  await copyFile(LAUNCHER, join(root, 'llm-ops'));
  await writeFile(join(root, 'package-lock.json'), '{}');
  await script(join(bin, 'node'), fakeNode('system', nodeVersion));
  await script(join(bin, 'pinned'), fakeNode('pinned', '24.0.0'));
  // The shell's own tools, and nothing else that the machine may have.
  for (const tool of [
    'cp',
    'dirname',
    'ln',
    'mkdir',
    'mv',
    'readlink',
    'rm',
    'rmdir',
    'sh',
    'sleep',
    'touch',
  ])
    await symlink(await whichTool(tool), join(bin, tool));
  if (npm !== null) await script(join(bin, 'npm'), npm);
  return { root, bin, path: bin };
}

async function whichTool(tool: string): Promise<string> {
  for (const directory of ['/bin', '/usr/bin']) {
    const file = join(directory, tool);
    if (await exists(file)) return file;
  }
  throw new Error(`no ${tool} on this machine`);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function start({ bin, path }: Checkout, file: string, args: readonly string[] = []) {
  const child = spawn('/bin/sh', [file, ...args], { env: { PATH: path, FAKE_BIN: bin } });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [status]]) => ({ stdout, stderr, status: status as number | null }),
  );
  return { child, ended };
}

const calls = (root: string) => readFile(join(root, 'npm-calls'), 'utf8').catch(() => '');

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}

describe('llm-ops, the launcher', () => {
  it('installs, then runs the pinned Node where the system’s is too old', async (t) => {
    const at = await checkout(t);

    const { stdout, stderr, status } = await start(at, join(at.root, 'llm-ops'), ['ps', 'a b'])
      .ended;

    assert.equal(stdout, `pinned ${join(at.root, 'src/cli/main.ts')} ps a b\n`);
    assert.equal(status, 7);
    assert.match(stderr, /^llm-ops: installing.*\n$/);
    assert.match(await calls(at.root), /^npm ci .*--no-audit --no-fund --loglevel=error\n$/);
    assert.equal(await exists(join(at.root, '.llm-ops')), false);
  });

  it('runs the system’s Node when it is new enough', async (t) => {
    const at = await checkout(t, { nodeVersion: '26.0.0' });

    const { stdout } = await start(at, join(at.root, 'llm-ops'), ['ps']).ended;

    assert.match(stdout, /^system /);
  });

  it('installs once', async (t) => {
    const at = await checkout(t);
    await start(at, join(at.root, 'llm-ops')).ended;
    const { stderr } = await start(at, join(at.root, 'llm-ops')).ended;

    assert.equal(stderr, '');
    assert.equal((await calls(at.root)).split('\n').length, 2);
  });

  it('installs again when the lock file is newer than what is there', async (t) => {
    const at = await checkout(t);
    await start(at, join(at.root, 'llm-ops')).ended;
    const soon = new Date(Date.now() + 60_000);
    await utimes(join(at.root, 'package-lock.json'), soon, soon);
    // An installation under a lock file from the future would not make it older.
    await script(join(at.bin, 'npm'), `${INSTALL}\ntouch -d '1970-01-02' package-lock.json`);

    const { stderr } = await start(at, join(at.root, 'llm-ops')).ended;

    assert.match(stderr, /installing/);
  });

  it('installs again when the pinned Node is needed and missing', async (t) => {
    const at = await checkout(t, { nodeVersion: '24.0.0' });
    await start(at, join(at.root, 'llm-ops')).ended;
    await rm(join(at.root, 'node_modules/node'), { recursive: true });
    await script(join(at.bin, 'node'), fakeNode('system', 'v18.0.0'));

    const { stdout } = await start(at, join(at.root, 'llm-ops')).ended;

    assert.match(stdout, /^pinned /);
  });

  it('never installs through a link to the dependencies of another checkout', async (t) => {
    const at = await checkout(t, { nodeVersion: '24.1.0' });
    const shared = join(at.bin, 'shared');
    await mkdir(shared);
    await symlink(shared, join(at.root, 'node_modules'));
    const launcher = join(at.root, 'llm-ops');

    const empty = await start(at, launcher).ended;
    assert.equal(empty.status, 1);
    assert.match(empty.stderr, /node_modules is a link/);

    await writeFile(join(shared, '.package-lock.json'), '{}');
    const longAgo = new Date('2020-01-01');
    await utimes(join(shared, '.package-lock.json'), longAgo, longAgo);
    assert.match((await start(at, launcher).ended).stdout, /^system /);
    assert.equal(await calls(at.root), '');
  });

  it('finds its directory through symbolic links', async (t) => {
    const at = await checkout(t);
    await symlink(join(at.root, 'llm-ops'), join(at.bin, 'first'));
    await symlink('first', join(at.bin, 'second'));

    const { stdout } = await start(at, join(at.bin, 'second')).ended;

    assert.equal(stdout, `pinned ${join(at.root, 'src/cli/main.ts')}\n`);
  });

  it('without npm it says what it needs', async (t) => {
    const at = await checkout(t, { npm: null });

    const { stdout, stderr, status } = await start(at, join(at.root, 'llm-ops')).ended;

    assert.deepEqual([stdout, status], ['', 1]);
    assert.match(stderr, /^llm-ops: needs Node 24 or newer with npm.*\n$/);
  });

  it('an installation that fails is told, and tried again', async (t) => {
    const at = await checkout(t, { npm: 'exit 3' });

    const { stderr, status } = await start(at, join(at.root, 'llm-ops')).ended;

    assert.equal(status, 1);
    assert.match(stderr, /npm ci failed in .* \(exit status 3\)/);
    assert.equal(await exists(join(at.root, '.llm-ops')), false);
  });

  it('an installation without the pinned Node is told', async (t) => {
    const at = await checkout(t, {
      npm: 'mkdir -p node_modules; touch node_modules/.package-lock.json',
    });

    const { stderr, status } = await start(at, join(at.root, 'llm-ops')).ended;

    assert.equal(status, 1);
    assert.match(stderr, /has not brought Node 24/);
  });

  it('two at once install once', async (t) => {
    const at = await checkout(t, { npm: `sleep 1\n${INSTALL}` });
    const both = [start(at, join(at.root, 'llm-ops')), start(at, join(at.root, 'llm-ops'))];

    const results = await Promise.all(both.map(({ ended }) => ended));

    assert.deepEqual(
      results.map(({ stdout }) => stdout.split(' ')[0]),
      ['pinned', 'pinned'],
    );
    assert.equal((await calls(at.root)).split('\n').length, 2);
    assert.equal(await exists(join(at.root, '.llm-ops')), false);
  });

  it('a lock whose owner has gone holds nobody up', async (t) => {
    const at = await checkout(t);
    const gone = spawn('/bin/sh', ['-c', 'exit']);
    await once(gone, 'exit');
    await mkdir(join(at.root, '.llm-ops'));
    await symlink(`pid-${String(gone.pid)}`, join(at.root, '.llm-ops/install.lock'));

    const { stdout } = await start(at, join(at.root, 'llm-ops')).ended;

    assert.match(stdout, /^pinned /);
    assert.equal(await exists(join(at.root, '.llm-ops')), false);
  });

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${signal} ends the installation`, async (t) => {
      const at = await checkout(t, { npm: 'echo "$$" > "$FAKE_BIN/npm-pid"; exec sleep 600' });
      const { child, ended } = start(at, join(at.root, 'llm-ops'));
      await until(() => exists(join(at.bin, 'npm-pid')));
      child.kill(signal);

      const result = await ended;

      assert.equal(result.status, status);
      assert.match(result.stderr, /interrupted/);
      const npm = Number(await readFile(join(at.bin, 'npm-pid'), 'utf8'));
      assert.throws(() => process.kill(npm, 0), { code: 'ESRCH' });
      assert.equal(await exists(join(at.root, '.llm-ops')), false);
    });
  }

  it('a signal reaches the program itself', async (t) => {
    const at = await checkout(t);
    await script(
      join(at.bin, 'pinned'),
      'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done',
    );
    const { child, ended } = start(at, join(at.root, 'llm-ops'));
    await once(child.stdout, 'readable');
    child.kill('SIGTERM');

    assert.equal((await ended).status, 9);
  });
});
