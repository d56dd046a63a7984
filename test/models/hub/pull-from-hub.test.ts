import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';

import { LlmOpsError } from '../../../src/errors.ts';
import { startFakeHub, type FakeHub } from '../fake-hub.ts';
import { contentOf, createMachine, QUICK, type Machine } from '../machine.ts';

const FILE = 'model.Q4_K_M.gguf';
const BYTES = 300_000;
const content = contentOf(BYTES);

describe('a pull from the hub', () => {
  let hub: FakeHub;
  let machine: Machine;
  let commit = '';
  let id = '';
  let count = 0;
  before(async () => {
    hub = await startFakeHub();
  });
  beforeEach(() => {
    machine = createMachine(hub.url);
    count += 1;
    id = `org/model-${String(count)}`;
    commit = hub.push(id, { [FILE]: content, 'README.md': 'read me' });
  });
  afterEach(() => {
    hub.fail(FILE, null);
    machine.remove();
  });
  after(async () => hub.close());
  /** Since this test began. */
  const counting = (): { downloads(): number; bytes(): number } => {
    const [downloads, bytes] = [hub.downloadsOf(FILE).length, hub.bytesOf(FILE)];
    return {
      downloads: () => hub.downloadsOf(FILE).length - downloads,
      bytes: () => hub.bytesOf(FILE) - bytes,
    };
  };
  const blob = (): string => {
    const snapshot = join(machine.repository(id), 'snapshots', commit);
    return join(snapshot, readlinkSync(join(snapshot, FILE)));
  };
  const etag = createHash('sha256').update(content).digest('hex');
  const partial = (): string => join(machine.repository(id), 'blobs', `${etag}.incomplete`);
  const leavePartial = (left: Buffer): void => {
    mkdirSync(dirname(partial()), { recursive: true });
    writeFileSync(partial(), left);
  };

  it('lays the files down as Python’s tools do', async () => {
    const located = await machine.pull(`${id}:${FILE}`);
    const repository = machine.repository(id);
    assert.equal(located.path, join(repository, 'snapshots', commit, FILE));
    assert.ok(readFileSync(located.path).equals(content));
    assert.match(readlinkSync(located.path), /^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    assert.equal(readFileSync(join(repository, 'refs/main'), 'utf8'), commit);
    assert.deepEqual(await machine.locate(id), located);
    assert.equal(located.bytes, BYTES);
  });

  it('keeps a revision in sub-folders of refs, and files in sub-folders of the snapshot', async () => {
    const other = hub.push(id, { 'deep/er/x-Q8_0.gguf': content }, { branch: 'refs/pr/1' });
    const { path } = await machine.pull(`${id}@refs/pr/1`);
    const repository = machine.repository(id);
    assert.equal(readFileSync(join(repository, 'refs/refs/pr/1'), 'utf8'), other);
    assert.match(readlinkSync(path), /^\.\.\/\.\.\/\.\.\/\.\.\/blobs\//);
    assert.ok(readFileSync(path).equals(content));
  });

  it('takes a commit as a revision and writes no ref for it', async () => {
    await machine.pull(`${id}@${commit}`);
    assert.ok(!existsSync(join(machine.repository(id), 'refs')));
    assert.notEqual(await machine.locate(`${id}@${commit}`), null);
    assert.equal(await machine.locate(id), null);
  });

  it('downloads once, and reads no more than once what is here', async () => {
    const counted = counting();
    await machine.pull(id);
    const texts: string[] = [];
    await machine.pull(id, { onProgress: ({ text }) => texts.push(text) });
    assert.equal(counted.downloads(), 1);
    assert.deepEqual(texts, [`asking ${hub.url}`]);
  });

  it('reads a file that another tool fetched, once', async () => {
    await machine.pull(id);
    machine.env['XDG_CACHE_HOME'] = join(machine.home, 'fresh');
    machine.env['HF_HOME'] = join(machine.home, '.cache/huggingface');
    const counted = counting();
    const texts = new Set<string>();
    await machine.pull(id, { onProgress: ({ text }) => texts.add(text) });
    assert.ok(texts.delete(`checking ${FILE}`));
    texts.clear();
    await machine.pull(id, { onProgress: ({ text }) => texts.add(text) });
    assert.deepEqual([...texts], [`asking ${hub.url}`]);
    assert.equal(counted.downloads(), 0);
  });

  it('finds a file whose bytes were changed, and fetches it again', async () => {
    await machine.pull(id);
    const changed = Buffer.from(content);
    changed[BYTES - 1]! ^= 1;
    writeFileSync(blob(), changed);
    utimesSync(blob(), new Date(), new Date(Date.now() + 5000));
    const counted = counting();
    const { path } = await machine.pull(id);
    assert.ok(readFileSync(path).equals(content));
    assert.equal(counted.bytes(), BYTES);
  });

  it('fetches a file again that is too short, and is not located until then', async () => {
    await machine.pull(id);
    writeFileSync(blob(), content.subarray(0, 1000));
    assert.equal(await machine.locate(id), null);
    assert.ok(readFileSync((await machine.pull(id)).path).equals(content));
  });

  it('goes on where a partial file ends', async () => {
    leavePartial(content.subarray(0, 200_000));
    const counted = counting();
    const { path } = await machine.pull(id);
    assert.ok(readFileSync(path).equals(content));
    assert.equal(counted.bytes(), BYTES - 200_000);
    assert.equal(hub.downloadsOf(FILE).at(-1)?.range, 'bytes=200000-');
    assert.ok(!existsSync(partial()));
  });

  it('asks for nothing when the partial file is whole', async () => {
    leavePartial(content);
    const counted = counting();
    assert.ok(readFileSync((await machine.pull(id)).path).equals(content));
    assert.equal(counted.downloads(), 0);
  });

  for (const [what, left] of [
    ['holds other bytes', contentOf(200_000, 2)],
    ['is as long and holds other bytes', contentOf(BYTES, 2)],
    ['is longer than the file', contentOf(BYTES + 1, 2)],
  ] as const) {
    it(`begins anew when the partial file ${what}`, async () => {
      leavePartial(left);
      assert.ok(readFileSync((await machine.pull(id)).path).equals(content));
      assert.equal(hub.downloadsOf(FILE).at(-1)?.range, null);
    });
  }

  it('begins anew when the server ignores the range', async () => {
    leavePartial(content.subarray(0, 200_000));
    hub.fail(FILE, { ignoresRange: true });
    const counted = counting();
    assert.ok(readFileSync((await machine.pull(id)).path).equals(content));
    assert.equal(counted.bytes(), BYTES);
  });

  it('begins anew when the server sends a part and does not say which', async () => {
    leavePartial(content.subarray(0, 200_000));
    hub.fail(FILE, { hidesRange: true });
    assert.ok(readFileSync((await machine.pull(id)).path).equals(content));
    assert.equal(hub.downloadsOf(FILE).at(-1)?.range, null);
  });

  for (const fault of [{ hidesRange: true }, { refusesRange: true }, { ignoresRange: true }]) {
    it(`gives up a server that drops connections and never goes on: ${JSON.stringify(fault)}`, async () => {
      hub.fail(FILE, { ...fault, cutAfterBytes: 100_000 });
      await assert.rejects(machine.pull(id), LlmOpsError);
    });
  }

  it('goes on after each dropped connection, as long as bytes arrive', async () => {
    hub.fail(FILE, { cutAfterBytes: 50_000 });
    const counted = counting();
    assert.ok(readFileSync((await machine.pull(id)).path).equals(content));
    assert.ok(counted.downloads() > QUICK.pausesMs!.length + 1);
    assert.equal(counted.bytes(), BYTES);
  });

  it('takes a connection that brings no byte for a dropped one', async () => {
    hub.fail(FILE, { stallAfterBytes: 100_000, times: 1 });
    const counted = counting();
    const { path } = await machine.pull(id, { limits: { ...QUICK, stallMs: 300 } });
    assert.ok(readFileSync(path).equals(content));
    assert.equal(counted.downloads(), 2);
    assert.equal(counted.bytes(), BYTES);
  });

  for (const status of [429, 503]) {
    it(`tries again after ${String(status)}, and says so`, async () => {
      hub.fail(FILE, { status, times: 2 });
      const texts: string[] = [];
      const pulled = machine.pull(id, { onProgress: ({ text }) => texts.push(text) });
      assert.ok(readFileSync((await pulled).path).equals(content));
      assert.equal(texts.filter((text) => text === `${FILE}, trying again`).length, 2);
    });
  }

  it('gives up after the last pause, and leaves what it has for the next time', async () => {
    hub.fail(FILE, { cutAfterBytes: 100_000, times: 1 });
    const first = machine.pull(id, {
      onProgress: ({ doneBytes }) => {
        if (doneBytes > 0) hub.fail(FILE, { cutAfterBytes: 0 });
      },
    });
    await assert.rejects(first, { code: 'hub_unreachable' });
    const got = statSync(partial()).size;
    assert.ok(got > 0);
    hub.fail(FILE, null);
    const counted = counting();
    await machine.pull(id);
    assert.equal(counted.bytes(), BYTES - got);
  });

  it('puts no file into its place whose hash is wrong', async () => {
    hub.fail(FILE, { isWrong: true });
    await assert.rejects(machine.pull(id), { code: 'model_corrupt', message: new RegExp(FILE) });
    assert.ok(!existsSync(partial()));
    assert.equal(await machine.locate(id), null);
  });

  it('checks the git hash of small files', async () => {
    hub.push(id, { 'model.safetensors': content, 'config.json': '{"a":1}' });
    hub.fail('config.json', { isWrong: true });
    await assert.rejects(machine.pull(id, { form: 'directory' }), {
      code: 'model_corrupt',
      message: /^config\.json /,
    });
    hub.fail('config.json', null);
    const { path } = await machine.pull(id, { form: 'directory' });
    assert.equal(readFileSync(join(path, 'config.json'), 'utf8'), '{"a":1}');
  });

  it('is refused before the first byte when the disk is too small for all of it', async () => {
    leavePartial(content.subarray(0, 200_000));
    const counted = counting();
    const limits = { ...QUICK, reserveBytes: 50_000 };
    const pull = async (freeBytes: number): Promise<unknown> =>
      machine.pull(id, {
        limits: { ...limits, freeBytes: async () => Promise.resolve(freeBytes) },
      });
    await assert.rejects(pull(149_999), {
      code: 'disk_full',
      message: /needs 0\.00 GiB/,
      details: {
        neededBytes: 150_000,
        freeBytes: 149_999,
        directory: machine.repository(id),
      },
    });
    assert.equal(counted.downloads(), 0);
    await pull(150_000);
    await pull(0);
  });

  it('stops when its signal says so, with that reason, and can go on', async () => {
    hub.fail(FILE, { slowMs: 5 });
    const leaving = new AbortController();
    const reason = new Error('enough');
    const pull = machine.pull(id, {
      signal: leaving.signal,
      onProgress: ({ doneBytes }) => {
        if (doneBytes > 100_000) leaving.abort(reason);
      },
    });
    await assert.rejects(pull, (error) => error === reason);
    const got = statSync(partial()).size;
    assert.ok(got > 100_000 && got < BYTES);
    hub.fail(FILE, null);
    await machine.pull(id);
    assert.equal(hub.downloadsOf(FILE).at(-1)?.range, `bytes=${String(got)}-`);
  });

  it('tells how many bytes are here of how many, what was here before included', async () => {
    hub.push(id, {
      'm-00001-of-00002.gguf': content,
      'm-00002-of-00002.gguf': contentOf(BYTES, 3),
    });
    const done: number[] = [];
    const { path, files } = await machine.pull(id, {
      onProgress: ({ doneBytes, totalBytes }) => {
        done.push(doneBytes);
        if (doneBytes > 0) assert.equal(totalBytes, 2 * BYTES);
      },
    });
    assert.deepEqual(
      done,
      done.toSorted((one, other) => one - other),
    );
    assert.equal(done.at(-1), 2 * BYTES);
    assert.match(path, /m-00001-of-00002\.gguf$/);
    assert.equal(files.length, 2);
  });

  it('leaves a branch where it was until the new commit is whole', async () => {
    const old = await machine.pull(id);
    const other = 'other.Q4_K_M.gguf';
    hub.push(id, { [other]: contentOf(BYTES, 5) });
    hub.fail(other, { cutAfterBytes: 0 });
    await assert.rejects(machine.pull(id));
    assert.deepEqual(await machine.locate(id), old);
    hub.fail(other, null);
    const fresh = await machine.pull(id);
    assert.match(fresh.path, new RegExp(other));
    assert.deepEqual(await machine.locate(id), fresh);
  });

  it('fetches one content once, however many names it has', async () => {
    hub.push(id, {
      'model.safetensors': content,
      'a.json': '{"same":1}',
      'b.json': '{"same":1}',
      'empty.txt': '',
    });
    const { path, files } = await machine.pull(id, { form: 'directory' });
    assert.equal(files.length, 4);
    assert.equal(readFileSync(join(path, 'b.json'), 'utf8'), '{"same":1}');
    assert.equal(hub.downloadsOf('a.json').length + hub.downloadsOf('b.json').length, 1);
  });
});
