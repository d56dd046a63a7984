import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../../bench/harness/free-port.ts';
import { direct } from '../../../bench/targets/direct.ts';
import { openTargets } from '../../../bench/targets/open-targets.ts';
import { startMsOf, startProgram } from '../../../bench/targets/program.ts';
import { chatShapes } from '../../../bench/targets/requests/chat-request.ts';
import type { RunningTarget, Target } from '../../../bench/targets/target.ts';

/** A program of one line of JavaScript, called a target. */
async function startScript(script: string, cleanUp = () => Promise.resolve()) {
  const port = await freePort();
  return startProgram({
    name: 'nginx',
    command: process.execPath,
    args: ['-e', script, String(port)],
    core: null,
    port,
    shapes: chatShapes(),
    cleanUp,
  });
}

const serving = (reply: string): string =>
  `let asked = 0; require('http').createServer((_, reply) => { asked += 1; ${reply} }).listen(process.argv[1], '127.0.0.1')`;

describe('a program that is started', () => {
  it('answers with status 200 when it has started', async (t) => {
    const early = "reply.writeHead(asked < 4 ? 503 : 200).end('asked ' + asked)";
    let cleanedUp = 0;
    const target = await startScript(serving(early), async () => {
      cleanedUp += 1;
      return Promise.resolve();
    });
    t.after(() => target.close());
    const reply = await fetch(`http://127.0.0.1:${target.port}/`);
    assert.equal(await reply.text(), 'asked 5');
    assert.ok(startMsOf(target) > 0);
    await Promise.all([target.close(), target.close()]);
    assert.equal(cleanedUp, 1);
  });

  it("has nothing of the user's environment but a path of its own", async (t) => {
    process.env['LLM_OPS_BENCH_TEST'] = 'theirs';
    const names = 'JSON.stringify(Object.keys(process.env))';
    const target = await startScript(serving(`reply.end(${names})`));
    t.after(() => target.close());
    const seen: unknown = await (await fetch(`http://127.0.0.1:${target.port}/`)).json();
    assert.deepEqual(seen, ['PATH']);
  });

  it('is told with its complaints when it ends instead, and leaves nothing behind', async () => {
    let cleanedUp = 0;
    const starting = startScript("console.error('no such option'); process.exit(1)", async () => {
      cleanedUp += 1;
      return Promise.resolve();
    });
    await assert.rejects(starting, { code: 'start_failed', message: /no such option/ });
    assert.equal(cleanedUp, 1);
  });
});

describe('targets that are opened together', () => {
  const opened: string[] = [];
  const toTarget = (name: Target['name'], start: () => Promise<RunningTarget>): Target => ({
    name,
    version: '1',
    start,
  });
  const running = (name: Target['name']): RunningTarget => ({
    ...{ name, port: 1, rootPid: null, shapes: chatShapes() },
    close: () => {
      opened.splice(opened.indexOf(name), 1);
      return Promise.resolve();
    },
  });
  const good = toTarget('ours', () => {
    opened.push('ours');
    return Promise.resolve(running('ours'));
  });
  const bad = toTarget('portkey', () => Promise.reject(new Error('no')));
  const options = { engineUrl: 'http://127.0.0.1:1', core: null };

  it('are those that this machine has', async () => {
    const found = new Map([
      ['ours', good],
      ['direct', direct],
    ] as const);
    const targets = { found, missing: new Map() };
    const { running: open, close } = await openTargets(
      targets,
      ['direct', 'nginx', 'ours'],
      options,
    );
    assert.deepEqual([...open.keys()], ['direct', 'ours']);
    await close();
    assert.deepEqual(opened, []);
  });

  it('are all ended when one does not start', async () => {
    const found = new Map([
      ['ours', good],
      ['portkey', bad],
    ] as const);
    await assert.rejects(
      openTargets({ found, missing: new Map() }, ['ours', 'portkey'], options),
      /no/,
    );
    assert.deepEqual(opened, []);
  });
});
