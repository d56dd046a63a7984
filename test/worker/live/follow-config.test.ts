import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import type { WorkerConfig, WorkerConfigInput } from '../../../src/config/worker-config.ts';
import { followConfig, loadWorkerConfig } from '../../../src/worker/live/follow-config.ts';
import { oneService, until } from '../worker-harness.ts';

async function emptyDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-follow-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function write(directory: string, config: WorkerConfigInput): Promise<void> {
  await writeFile(join(directory, 'next'), JSON.stringify(config));
  await rename(join(directory, 'next'), join(directory, 'worker.json'));
}

const named = (name: string): WorkerConfigInput => oneService(name, 'http://127.0.0.1:9');

function follow(
  t: TestContext,
  directory: string,
  text: string,
): { seen: string[]; errors: unknown[]; stop: () => void } {
  const seen: string[] = [];
  const errors: unknown[] = [];
  const stop = followConfig({
    directory,
    text,
    onChange: ({ services }: WorkerConfig) => seen.push(services[0]?.name ?? ''),
    onError: (error) => errors.push(error),
  });
  t.after(stop);
  return { seen, errors, stop };
}

describe('following a configuration', () => {
  it('tells of a change that came between loading it and following it, and not of what was loaded', async (t) => {
    const directory = await emptyDirectory(t);
    await write(directory, named('a'));
    const { text } = await loadWorkerConfig(directory);
    await write(directory, named('b'));

    const { seen } = follow(t, directory, text);

    await until('b is seen', () => seen.length > 0);
    await write(directory, named('c'));
    await until('c is seen', () => seen.length > 1);
    assert.deepEqual(seen, ['b', 'c']);
  });

  it('tells nothing more when it was stopped, not even what it was just reading', async (t) => {
    const directory = await emptyDirectory(t);
    await write(directory, named('a'));
    const { text } = await loadWorkerConfig(directory);
    await write(directory, named('b'));

    const { seen, stop } = follow(t, directory, text);
    stop();

    await loadWorkerConfig(directory);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(seen, []);
  });

  it('looks by the clock where the directory cannot be watched', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const directory = join(await emptyDirectory(t), 'later');

    const { seen, errors } = follow(t, directory, '');
    await mkdir(directory);
    await write(directory, named('a'));

    t.mock.timers.tick(60_000);
    await until('a is seen', () => seen.length > 0);
    assert.deepEqual(seen, ['a']);
    assert.ok(errors.length > 0);
  });
});

describe('following a file beside the configuration', () => {
  function followBeside(
    t: TestContext,
    { directory, text, loaded }: { directory: string; text: string; loaded: string | null },
  ): { taken: (string | null)[]; configured: string[]; errors: unknown[] } {
    const taken: (string | null)[] = [];
    const configured: string[] = [];
    const errors: unknown[] = [];
    t.after(
      followConfig({
        directory,
        text,
        onChange: ({ services }) => configured.push(services[0]?.name ?? ''),
        onError: (error) => errors.push(error),
        beside: [
          {
            file: join(directory, 'beside'),
            text: loaded,
            take: (changed) => {
              taken.push(changed);
              if (changed === 'broken') throw new Error(changed);
            },
          },
        ],
      }),
    );
    return { taken, configured, errors };
  }

  it('tells when it comes, changes, breaks and goes, each once, and follows the configuration meanwhile', async (t) => {
    const directory = await emptyDirectory(t);
    await write(directory, named('a'));
    const { text } = await loadWorkerConfig(directory);
    const { taken, configured, errors } = followBeside(t, { directory, text, loaded: null });

    for (const [count, next] of ['one', 'broken', 'two'].entries()) {
      await writeFile(join(directory, 'next'), next);
      await rename(join(directory, 'next'), join(directory, 'beside'));
      await until(`${next} is seen`, () => taken.length > count);
    }
    await rm(join(directory, 'beside'));
    await until('it is gone', () => taken.length > 3);
    await write(directory, named('b'));
    await until('b is seen', () => configured.length > 0);

    assert.deepEqual(taken, ['one', 'broken', 'two', null]);
    assert.deepEqual(configured, ['b']);
    assert.deepEqual(errors.map(String), ['Error: broken']);
  });

  it('tells nothing of what was loaded, and tells what came between loading and following', async (t) => {
    const directory = await emptyDirectory(t);
    await write(directory, named('a'));
    const { text } = await loadWorkerConfig(directory);
    await writeFile(join(directory, 'beside'), 'later');

    const same = followBeside(t, { directory, text, loaded: 'later' });
    const changed = followBeside(t, { directory, text, loaded: 'before' });

    await until('the change is seen', () => changed.taken.length > 0);
    await write(directory, named('b'));
    await until('b is seen', () => same.configured.length > 0 && changed.configured.length > 0);
    assert.deepEqual(same.taken, []);
    assert.deepEqual(changed.taken, ['later']);
  });
});
