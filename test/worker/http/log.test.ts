import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WORKER_CONFIG_FILE } from '../../../src/config/worker-config.ts';
import { ask, oneService, simStats, startEngine, until } from '../worker-harness.ts';

type Program = {
  readonly url: string;
  readonly output: Readable;
  readonly log: () => string;
  /** Resolves with the exit status when all output was read. */
  readonly stop: (signal: NodeJS.Signals) => Promise<number | null>;
};

/** The worker as a process of its own, which listens. */
async function runWorker(t: TestContext, engineUrl: string): Promise<Program> {
  const directory = await mkdtemp(join(tmpdir(), 'llm-ops-log-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const config = JSON.stringify(oneService('m', engineUrl));
  await writeFile(join(directory, WORKER_CONFIG_FILE), config);
  const main = fileURLToPath(new URL('../../../src/worker/main.ts', import.meta.url));
  const worker: ChildProcess & { readonly stdout: Readable } = spawn(process.execPath, [main], {
    env: { LLM_OPS_WORKER_CONFIG: directory, LLM_OPS_PORT: '0', LLM_OPS_DRAIN_MS: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => worker.kill('SIGKILL'));
  let log = '';
  worker.stdout.setEncoding('utf8').on('data', (text: string) => (log += text));
  await until('it listens', () => /http:\/\/127\.0\.0\.1:\d+/.test(log));
  return {
    url: /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0] ?? '',
    output: worker.stdout,
    log: () => log,
    stop: (signal) => {
      worker.kill(signal);
      return new Promise((resolve) => worker.once('close', resolve));
    },
  };
}

describe('the log of the worker program', () => {
  it('has a line for a client that leaves, never an error of ours', async (t) => {
    const engine = await startEngine(t, { answerTokens: 50, ttftMs: 60_000 });
    const worker = await runWorker(t, engine.url);
    await until('ready', async () => (await ask(`${worker.url}/ready`)).status === 200);

    for (const path of ['worker_generate', 'worker_generate_stream', 'api/worker_generate']) {
      const leaving = new AbortController();
      const body = JSON.stringify({ prompt: 'x' });
      const reply = fetch(`${worker.url}/${path}`, {
        method: 'POST',
        body,
        signal: leaving.signal,
      });
      await until('it is at the engine', async () => (await simStats(engine))['running'] === 1);
      leaving.abort();
      await assert.rejects(reply);
      await until('it left', async () => (await simStats(engine))['running'] === 0);
    }

    assert.equal(await worker.stop('SIGTERM'), 0);
    const lines = worker.log().split('\n');
    assert.deepEqual(
      lines.filter((line) => line.includes('"level":50')),
      [],
    );
    assert.equal(lines.filter((line) => line.includes('"outcome":"client_left"')).length, 3);
  });

  it('holds nobody up while it is not read, and is whole when the program ended', async (t) => {
    const worker = await runWorker(t, 'http://127.0.0.1:9');
    const path = `/nothing-${'x'.repeat(400)}`;
    worker.output.pause();

    // Far more than any pipe takes.
    for (let left = 2_000; left > 0; left -= 1) {
      const reply = await fetch(worker.url + path);
      assert.equal(reply.status, 404);
      await reply.arrayBuffer();
    }
    const stopped = worker.stop('SIGTERM');
    worker.output.resume();

    assert.equal(await stopped, 0);
    const lines = worker.log().split('\n');
    assert.equal(lines.pop(), '', 'the last line is whole');
    assert.equal(lines.filter((line) => line.includes(path)).length, 2_000);
    for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), line);
  });
});
