import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { WORKER_CONFIG_FILE } from '../../src/config/worker-config.ts';
import { oneService } from './worker-harness.ts';

const MAIN = join(import.meta.dirname, '../../src/worker/main.ts');

/** The worker program with these settings, which is ended when the test is. */
async function run(t: TestContext, settings: Readonly<Record<string, string>>) {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-main-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const config = JSON.stringify(oneService('m', 'http://127.0.0.1:9'));
  await writeFile(join(directory, WORKER_CONFIG_FILE), config);
  const env = { LLM_OPS_WORKER_CONFIG: directory, LLM_OPS_PORT: '0', ...settings };
  const program = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => program.kill('SIGKILL'));
  return program;
}

describe('the worker program', () => {
  for (const name of ['LLM_OPS_DRAIN_MS', 'LLM_OPS_PORT'])
    it(`says that ${name} is no number`, { timeout: 60_000 }, async (t) => {
      const program = await run(t, { [name]: '30s' });
      program.stdout.resume();

      const ended = once(program, 'exit');
      const told = await text(program.stderr);

      assert.deepEqual(await ended, [2, null]);
      assert.equal(told, `worker: ${name} is "30s", which is no whole number\n`);
    });

  for (const count of ['0', '65', '2.5', 'many', '-1'])
    it(`says that ${count} is no number of processes`, { timeout: 60_000 }, async (t) => {
      const program = await run(t, { LLM_OPS_WORKERS: count });
      program.stdout.resume();

      const ended = once(program, 'exit');
      const told = await text(program.stderr);

      assert.deepEqual(await ended, [2, null]);
      assert.equal(
        told,
        `worker: LLM_OPS_WORKERS is "${count}", which is neither "auto" nor a whole number from 1 to 64\n`,
      );
    });

  it('is one process where nobody asks for more', async (t) => {
    const program = await run(t, { LLM_OPS_WORKERS: '' });
    await once(program.stdout, 'data');
    const children = await readFile(`/proc/${program.pid}/task/${program.pid}/children`, 'utf8');
    assert.equal(children, '');
  });

  it('listens for this machine only where its host is set to nothing', async (t) => {
    const program = await run(t, { LLM_OPS_HOST: '' });

    const [line] = (await once(program.stdout, 'data')) as [Buffer];

    assert.match(line.toString(), /listening at http:\/\/127\.0\.0\.1:/);
  });
});
