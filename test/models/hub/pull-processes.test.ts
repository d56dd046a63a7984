import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { LocatedModel, PullProgress } from '../../../src/models/model-store.ts';
import { startFakeHub, type FakeHub } from '../fake-hub.ts';
import { contentOf, createMachine, type Machine } from '../machine.ts';

const CHILD = fileURLToPath(new URL('../pull-child.ts', import.meta.url));
const FILE = 'model.Q4_K_M.gguf';
const ID = 'org/model';
const BYTES = 400_000;
const content = contentOf(BYTES);

describe('pulls of several processes', () => {
  let hub: FakeHub;
  let machine: Machine;
  const children: ChildProcess[] = [];
  before(async () => {
    hub = await startFakeHub();
    hub.push(ID, { [FILE]: content });
  });
  beforeEach(() => {
    machine = createMachine(hub.url);
    hub.fail(FILE, { holdAfterBytes: 200_000 });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    hub.fail(FILE, null);
    machine.remove();
  });
  after(async () => hub.close());

  type Line = Partial<PullProgress> & Partial<LocatedModel>;
  /** Starts a pull; its lines are awaited by `until`, its last one by `end`. */
  const start = (): {
    readonly child: ChildProcess;
    readonly until: (isIt: (line: Line) => boolean) => Promise<Line>;
    readonly end: () => Promise<Line | undefined>;
  } => {
    const child = spawn(process.execPath, [CHILD, machine.home, ID], {
      env: machine.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines: Line[] = [];
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => lines.push(JSON.parse(line) as Line));
    return {
      child,
      until: async (isIt) => {
        for (;;) {
          const found = lines.find(isIt);
          if (found !== undefined) return found;
          await once(reader, 'line');
        }
      },
      end: async () => {
        await once(reader, 'close');
        return lines.at(-1);
      },
    };
  };
  const isDownloading = ({ doneBytes }: Line): boolean => (doneBytes ?? 0) > 100_000;

  it('goes on where it was after it was killed in the middle of a file', async () => {
    const { child, until } = start();
    await until(isDownloading);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const blobs = join(machine.repository(ID), 'blobs');
    const [partial = ''] = readdirSync(blobs);
    assert.match(partial, /^[0-9a-f]{64}\.incomplete$/);
    const got = statSync(join(blobs, partial)).size;
    assert.ok(got > 100_000 && got <= 212_992);
    assert.equal(await machine.locate(ID), null);
    hub.fail(FILE, null);
    const { path } = await machine.pull(ID);
    assert.equal(hub.downloadsOf(FILE).at(-1)?.range, `bytes=${String(got)}-`);
    assert.ok(readFileSync(path).equals(content));
    assert.ok(!existsSync(join(blobs, partial)));
  });

  it('ends two pulls at once with one download, and tells the second that it waits', async () => {
    const before = hub.downloadsOf(FILE).length;
    const first = start();
    await first.until(isDownloading);
    const second = start();
    await second.until(({ text }) => text === 'waiting for another pull of this model');
    hub.fail(FILE, null);
    const [one, other] = await Promise.all([first.end(), second.end()]);
    assert.ok(one?.path !== undefined && existsSync(one.path));
    assert.deepEqual(other, one);
    assert.equal(hub.downloadsOf(FILE).length - before, 1);
  });

  it('takes over from a pull that was killed while it waited for it', async () => {
    const first = start();
    await first.until(isDownloading);
    const second = start();
    await second.until(({ text }) => text === 'waiting for another pull of this model');
    first.child.kill('SIGKILL');
    hub.fail(FILE, null);
    const located = await second.end();
    assert.ok(readFileSync(located?.path ?? '').equals(content));
    assert.match(hub.downloadsOf(FILE).at(-1)?.range ?? '', /^bytes=\d{6}-$/);
  });

  it('waits within one process too, until its signal ends that', async () => {
    const leaving = new AbortController();
    const started = Promise.withResolvers<null>();
    const first = machine.pull(ID, {
      onProgress: (progress) => {
        if (isDownloading(progress)) started.resolve(null);
      },
    });
    await started.promise;
    const second = machine.pull(ID, {
      signal: leaving.signal,
      onProgress: ({ text }) => {
        if (text.startsWith('waiting')) leaving.abort(new Error('enough'));
      },
    });
    await assert.rejects(second, /enough/);
    hub.fail(FILE, null);
    await first;
  });

  it('removes no model that is being pulled', async () => {
    const { until, end } = start();
    await until(isDownloading);
    const source = { kind: 'hub', id: ID, revision: null, file: null } as const;
    await assert.rejects(machine.store().remove(source), { code: 'model_in_use' });
    hub.fail(FILE, null);
    await end();
    assert.equal(await machine.store().remove(source), BYTES + 40);
  });
});
