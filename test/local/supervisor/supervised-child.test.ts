import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

import { takeFreePort } from '../../../src/local/process/free-port.ts';
import { SupervisedChild } from '../../../src/local/supervisor/supervised-child.ts';
import type { Timing } from '../../../src/local/timing.ts';
import { eventually, FAST } from '../stand-ins.ts';

const directory = mkdtempSync(join(tmpdir(), 'child-'));
after(() => rmSync(directory, { recursive: true }));

type Run = {
  readonly child: SupervisedChild;
  /** What it said of each end. */
  readonly details: string[];
  /** What it said of its loading. */
  readonly phrases: (string | null)[];
  /** Everything in its log. */
  readonly log: () => string;
};

let runs = 0;

function run(
  file: string,
  args: readonly string[],
  timing: Partial<Timing> = {},
  port: number | null = null,
): Run {
  const details: string[] = [];
  const phrases: (string | null)[] = [];
  const logPath = join(directory, `child-${String((runs += 1))}.log`);
  const child = new SupervisedChild({
    launch: () =>
      Promise.resolve({
        ...{ file, args, env: { ...process.env }, ours: false },
        ...{ host: '127.0.0.1', port: port ?? 9 },
      }),
    engine: { dialect: null, onProgress: (phrase) => phrases.push(phrase) },
    logPath,
    timing: { ...FAST, ...timing },
    onChange: () => {
      const { state, detail } = child.status;
      if (state === 'restarting' && details.at(-1) !== detail) details.push(detail);
    },
  });
  return { child, details, phrases, log: () => readFileSync(logPath, 'utf8') };
}

/** An engine that ends when it was asked for its health three times: the first answer has done its work by then. */
const engine = (port: number, status: number) => `
let asked = 0;
require('node:http').createServer((request, response) => {
  if ((asked += 1) === 3) process.exit(5);
  response.writeHead(${String(status)}).end();
}).listen(${String(port)}, '127.0.0.1');
`;

const LONG = { firstPauseMs: 3_600_000, maxPauseMs: 3_600_000 };

describe('a child that ends again and again', () => {
  it('is started after pauses that double up to the longest', async () => {
    const { child, details } = run('/bin/sh', ['-c', 'exit 5'], { firstPauseMs: 1, maxPauseMs: 4 });
    await child.start();
    await eventually('four ends', () =>
      details.length >= 3 && child.status.restarts > 4 ? true : null,
    );
    await child.stop();
    assert.deepEqual(details.slice(0, 3), [
      'exited (5), starts again in 0.001 s',
      'exited (5), starts again in 0.002 s',
      'exited (5), starts again in 0.004 s',
    ]);
    assert.equal(details.length, 3);
  });

  it('begins with the first pause again when it had worked for long', async () => {
    const timing = { firstPauseMs: 1, maxPauseMs: 4, resetAfterMs: 0 };
    const port = await takeFreePort(new Set());
    const { child, details } = run(process.execPath, ['-e', engine(port, 200)], timing, port);
    await child.start();
    await eventually('some ends', () => (child.status.restarts > 3 ? true : null));
    await child.stop();
    assert.deepEqual(details, ['exited (5), starts again in 0.001 s']);
  });

  it('goes on with longer pauses when it did nothing but load', async () => {
    const timing = { firstPauseMs: 1, maxPauseMs: 2, resetAfterMs: 0 };
    const port = await takeFreePort(new Set());
    const { child, details } = run(process.execPath, ['-e', engine(port, 503)], timing, port);
    await child.start();
    await eventually('some ends', () => (child.status.restarts > 3 ? true : null));
    await child.stop();
    assert.deepEqual(details, [
      'exited (5), starts again in 0.001 s',
      'exited (5), starts again in 0.002 s',
    ]);
  });

  it('tells of its pauses where its loading is told, and of nothing when it is stopped', async () => {
    const { child, phrases } = run('/bin/sh', ['-c', 'kill -9 $$'], LONG);
    await child.start();
    await eventually('a pause', () => (child.status.state === 'restarting' ? true : null));
    assert.equal(phrases.at(-1), 'ended by SIGKILL, starts again in 3600 s');
    child.hurry();
    await eventually('another pause', () => (child.status.restarts === 2 ? true : null));
    assert.deepEqual(phrases.slice(-3, -1), ['ended by SIGKILL, starts again in 3600 s', null]);
    await child.stop();
    assert.equal(phrases.at(-1), null);
  });

  it('has a line between its lives in its log, after its last words', async () => {
    const { child, log } = run(
      '/bin/sh',
      ['-c', 'echo model; printf "out of memory"; exit 5'],
      LONG,
    );
    await child.start();
    await eventually('a pause', () => (child.status.restarts === 1 ? true : null));
    assert.equal(log(), 'model\nout of memory');
    child.hurry();
    await eventually('another pause', () => (child.status.restarts === 2 ? true : null));
    await child.stop();
    const marker = '--- started again after it exited (5) (restart 1)';
    assert.equal(log(), `model\nout of memory\n${marker}\nmodel\nout of memory`);
  });

  it('is stopped in the middle of a pause', async () => {
    const { child } = run('/bin/sh', ['-c', 'kill -9 $$'], LONG);
    await child.start();
    const waiting = await eventually('a pause', () =>
      child.status.state === 'restarting' ? child.status : null,
    );
    assert.equal(waiting.detail, 'ended by SIGKILL, starts again in 3600 s');
    await child.stop();
    assert.equal(child.status.state, 'stopped');
    assert.equal(child.status.pid, null);
  });

  it('is started at once when one asks for it', async () => {
    const { child } = run('/bin/sh', ['-c', 'exit 1'], LONG);
    await child.start();
    for (const restarts of [1, 2, 3]) {
      await eventually('a pause', () => (child.status.restarts === restarts ? true : null));
      child.hurry();
    }
    await child.stop();
  });
});

it('a program that cannot be started is tried again, too', async () => {
  const { child } = run(join(directory, 'nothing'), [], LONG);
  await child.start();
  assert.equal(child.status.state, 'restarting');
  assert.match(child.status.detail, /^could not start: .*ENOENT/);
  await child.stop();
});

it('a child that is stopped before it was ever started stays so', async () => {
  const { child } = run('/bin/sh', ['-c', 'exit 1']);
  const starting = child.start();
  await child.stop();
  await starting;
  assert.equal(child.status.state, 'stopped');
});

it('an engine that is dead without having ended is ended and started again', async () => {
  const port = await takeFreePort(new Set());
  const script = `
const server = require('node:http').createServer((request, response) => {
  response.writeHead(200, { connection: 'close' }).end();
  server.close();
}).listen(${String(port)}, '127.0.0.1');
setInterval(() => {}, 1000);
`;
  const { child, details } = run(process.execPath, ['-e', script], LONG, port);
  await child.start();
  await eventually('a pause', () => (child.status.restarts === 1 ? true : null));
  assert.match(details[0]!, /^hung \(ended by SIGTERM\), starts again in /);
  await child.stop();
});
