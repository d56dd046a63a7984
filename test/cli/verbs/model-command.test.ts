/** The verbs of `model` as a user has them: processes of the real command line, and a hub of our own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { writeTinyGguf } from '../../e2e/tiny-gguf.ts';
import { eventually } from '../../local/stand-ins.ts';
import { MEMBER_TOKEN, startFakeHub, type FakeHub } from '../../models/fake-hub.ts';
import { contentOf } from '../../models/machine.ts';
import { type Command, type Ended, startCommand } from '../command.ts';

const FILE = 'model.Q4_K_M.gguf';
const ID = 'org/model-GGUF';
const BYTES = 400_000;
const content = contentOf(BYTES);

describe('llm-ops model', () => {
  let hub: FakeHub;
  let home = '';
  let env: Record<string, string> = {};
  before(async () => {
    hub = await startFakeHub();
    hub.push(ID, { [FILE]: content });
    hub.push('org/gated', { 'gated.gguf': 'x' }, { isGated: true });
    const scratch = mkdtempSync(join(tmpdir(), 'tiny-'));
    await writeTinyGguf(join(scratch, 'tiny.gguf'), ['a b c.']);
    hub.push('org/tiny', { 'tiny.gguf': readFileSync(join(scratch, 'tiny.gguf')) });
    rmSync(scratch, { recursive: true });
  });
  beforeEach(() => {
    // Paths have blanks where users have them.
    home = mkdtempSync(join(tmpdir(), 'model command-'));
    env = { HOME: home, XDG_CACHE_HOME: '', HF_ENDPOINT: hub.url };
  });
  afterEach(() => {
    hub.fail(FILE, null);
    rmSync(home, { recursive: true, force: true });
  });
  after(async () => hub.close());

  const start = (...args: readonly string[]): Command => startCommand(['model', ...args], { env });
  const run = (...args: readonly string[]): Promise<Ended> => start(...args).ended;
  const blobs = (): string => join(home, '.cache/huggingface/hub/models--org--model-GGUF/blobs');
  /** Waits until a download stands still in its middle; returns how far it is. */
  const untilHeld = (): Promise<number> =>
    eventually('half of the file is here', () => {
      const names = existsSync(blobs()) ? readdirSync(blobs()) : [];
      const partial = names.find((name) => name.endsWith('.incomplete'));
      const bytes = partial === undefined ? 0 : statSync(join(blobs(), partial)).size;
      return bytes >= 200_000 ? bytes : null;
    });
  const pathIn = ({ stdout }: Ended): string => stdout.trim();

  it('pull goes on where a pull was that was killed', async () => {
    hub.fail(FILE, { holdAfterBytes: 200_000 });
    const { child, ended } = start('pull', ID);
    const got = await untilHeld();
    child.kill('SIGKILL');
    await ended;
    hub.fail(FILE, null);

    const second = await run('pull', ID);

    assert.equal(second.status, 0, second.stderr);
    assert.equal(hub.downloadsOf(FILE).at(-1)?.range, `bytes=${String(got)}-`);
    assert.ok(readFileSync(pathIn(second)).equals(content));
  });

  it('pull goes on where a pull was that was interrupted, which says so', async () => {
    hub.fail(FILE, { holdAfterBytes: 200_000 });
    const { child, ended } = start('pull', ID);
    const got = await untilHeld();
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    assert.deepEqual([status, stdout], [130, '']);
    assert.match(stderr, /\nInterrupted\. The next pull goes on where this one was\.\n$/);
    hub.fail(FILE, null);

    await run('pull', ID);

    assert.equal(hub.downloadsOf(FILE).at(-1)?.range, `bytes=${String(got)}-`);
  });

  it('pull, twice at once, ends with one download, for which the second waits', async () => {
    hub.fail(FILE, { holdAfterBytes: 200_000 });
    const downloads = hub.downloadsOf(FILE).length;
    const first = start('pull', ID);
    await untilHeld();
    const second = start('pull', ID);
    let said = '';
    second.child.stderr.on('data', (data: Buffer) => (said += data.toString()));
    await eventually('the second waits', () =>
      said.includes('waiting for another pull of this model') ? said : null,
    );
    hub.fail(FILE, null);

    const [one, other] = await Promise.all([first.ended, second.ended]);

    assert.deepEqual([one.status, other.status], [0, 0]);
    assert.equal(one.stdout, other.stdout);
    assert.equal(hub.downloadsOf(FILE).length - downloads, 1);
  });

  it('pull finds that the bytes of a file were changed, and fetches it again', async () => {
    const path = pathIn(await run('pull', ID));
    const blob = realpathSync(path);
    writeFileSync(blob, contentOf(BYTES, 2));
    utimesSync(blob, new Date(), new Date(Date.now() + 5000));
    const downloads = hub.downloadsOf(FILE).length;

    const second = await run('pull', ID);

    assert.equal(second.status, 0, second.stderr);
    assert.ok(readFileSync(path).equals(content));
    assert.equal(hub.downloadsOf(FILE).length - downloads, 1);
  });

  it('pull refuses what the disk is too small for, before the first byte', async () => {
    hub.push('org/huge', { 'huge.gguf': 'x' });
    hub.claim('huge.gguf', 2 ** 50);

    const { status, stdout, stderr } = await run('pull', 'org/huge:huge.gguf', '--json');

    const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as {
      readonly error: { readonly code: string; readonly message: string };
    };
    assert.deepEqual([status, stdout, error.code], [1, '', 'disk_full']);
    assert.match(error.message, /^org\/huge:huge\.gguf needs 1048576\.3 GiB of disk/);
    assert.deepEqual(hub.downloadsOf('huge.gguf'), []);
  });

  it('pull of a gated model says what to do, and shows no token to anybody', async () => {
    env['HF_TOKEN'] = 'hf_guest';
    const refused = await run('pull', 'org/gated', '--verbose');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /error: The hub does not let you read org\/gated/);
    assert.match(refused.stderr, /Accept the terms on \S+\/org\/gated/);
    env['HF_TOKEN'] = MEMBER_TOKEN;
    const allowed = await run('pull', 'org/gated', '--verbose', '--json');
    assert.equal(allowed.status, 0, allowed.stderr);
    for (const { stdout, stderr } of [refused, allowed])
      assert.doesNotMatch(stdout + stderr, /hf_(guest|member)/);
  });

  it('list, show and rm tell of a model what is so, and rm takes it away', async () => {
    const path = pathIn(await run('pull', 'org/tiny'));
    const bytes = statSync(path).size;
    const { stdout: list } = await run('list', '--json');
    const { models } = JSON.parse(list) as { readonly models: readonly object[] };
    assert.partialDeepStrictEqual(models, [{ source: 'org/tiny:tiny.gguf', path, bytes }]);
    const shown = await run('show', 'org/tiny');
    assert.match(shown.stdout, /^Architecture +llama$/m);

    const removed = await run('rm', 'org/tiny', '--json');

    const { freedBytes } = JSON.parse(removed.stdout) as { readonly freedBytes: number };
    // With the reference, a commit of 40 letters.
    assert.equal(freedBytes, bytes + 40);
    assert.ok(!existsSync(path));
    assert.equal((await run('list')).stdout, 'There are no models here.\n');
    assert.equal((await run('show', 'org/tiny')).status, 1);
  });

  it('rm leaves what a process has loaded', { skip: process.platform !== 'linux' }, async () => {
    const path = pathIn(await run('pull', 'org/tiny'));
    const wait = `console.log('here'); setInterval(() => {}, 1000)`;
    const engine = spawn(process.execPath, ['-e', wait, '--', '--model', path]);
    await once(engine.stdout, 'data');

    const { status, stderr } = await run('rm', 'org/tiny');

    engine.kill('SIGKILL');
    await once(engine, 'exit');
    assert.equal(status, 1);
    assert.match(stderr, /^error: org\/tiny is in use by node \(pid \d+\)\.\nStop the stack/);
    assert.ok(existsSync(path));
    assert.equal((await run('rm', 'org/tiny')).status, 0);
  });
});
