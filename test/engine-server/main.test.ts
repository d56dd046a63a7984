import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { post, startEngine } from './engine-client.ts';

const MAIN = fileURLToPath(new URL('../../src/engine-server/main.ts', import.meta.url));
const FAST = ['--port', '0', '--ttft-ms', '0', '--itl-ms', '0'];

function start(
  t: TestContext,
  flags: readonly string[],
  stdio: 'pipe' | 'ipc' = 'pipe',
): ChildProcess {
  const last = stdio === 'ipc' ? (['ipc'] as const) : [];
  const child = spawn(process.execPath, [MAIN, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe', ...last],
  });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function urlOf(child: ChildProcess): Promise<string> {
  const [line] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string];
  const url = /^listening on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line)?.[1];
  assert.ok(url, line);
  return url;
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  // Not its `close`, which does not come when the IPC channel was left first.
  const [[code], errors] = await Promise.all([
    // It may have ended before anybody asks, with a status or by a signal.
    child.exitCode === null && child.signalCode === null
      ? (once(child, 'exit') as Promise<[number | null]>)
      : [child.exitCode],
    readText(child.stderr!),
  ]);
  return { code, errors };
}

describe('the engine server as a program', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`says where it listens, answers, and ends with 0 on ${signal}`, async (t) => {
      const child = start(t, [...FAST, '--model', 'tiny', '--answer-tokens', '2']);
      const url = await urlOf(child);
      const { body } = await post(`${url}/v1/completions`, { model: 'tiny', prompt: 'x' });
      assert.match(JSON.stringify(body), /"text":"This"/);
      child.kill(signal);
      assert.deepEqual(await endOf(child), { code: 0, errors: '' });
    });
  }

  it('ends on a signal although an answer is running', async (t) => {
    const child = start(t, [...FAST, '--fault', 'stall_at_token=1']);
    const url = await urlOf(child);
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'x', stream: true }),
    });
    child.kill('SIGTERM');
    await assert.rejects(response.text());
    assert.equal((await endOf(child)).code, 0);
  });

  it('ends when the process that started it is gone', async (t) => {
    const child = start(t, FAST, 'ipc');
    await urlOf(child);
    child.disconnect();
    assert.equal((await endOf(child)).code, 0);
  });

  it('ends with 1 by exit_at_token, after so many tokens', async (t) => {
    const child = start(t, [...FAST, '--fault', 'exit_at_token=2']);
    const url = await urlOf(child);
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'x', stream: true }),
    });
    let text = '';
    await assert.rejects(async () => {
      for await (const chunk of response.body!) text += Buffer.from(chunk).toString();
    });
    assert.match(text, /"text":" is"/);
    assert.equal((await endOf(child)).code, 1);
  });

  for (const [flags, message] of [
    [['--nope'], /--nope/],
    [['--port', 'x'], /--port wants a whole number/],
    [['--fault', 'explode'], /explode/],
  ] as const) {
    it(`ends with 2 and says why: ${flags.join(' ')}`, async (t) => {
      const { code, errors } = await endOf(start(t, flags));
      assert.equal(code, 2);
      assert.match(errors, message);
    });
  }

  it('ends with 1 when its port is in use', async (t) => {
    const { port } = new URL((await startEngine(t)).url);
    const { code, errors } = await endOf(start(t, ['--port', port]));
    assert.equal(code, 1);
    assert.match(errors, new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is in use`));
  });
});
