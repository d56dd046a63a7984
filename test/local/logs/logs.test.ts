import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { LogFile } from '../../../src/local/logs/log-file.ts';
import { lastLines, LogReader } from '../../../src/local/logs/log-lines.ts';
import { RecentLines } from '../../../src/local/logs/recent-lines.ts';
import { streamLogs } from '../../../src/local/logs/stream-logs.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'logs-'));
  path = join(directory, 'a.log');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('the last lines of a log', () => {
  for (const [text, count, expected] of [
    ['one\ntwo\nthree\n', 2, ['two', 'three']],
    ['one\ntwo\nthree', 2, ['two', 'three']],
    ['one\ntwo\n', 9, ['one', 'two']],
    ['one\ntwo\n', 0, []],
    ['one\r\n\r\ntwo\r\n', 2, ['', 'two']],
    ['0 %\r50 %\r\n10 %\r', 2, ['50 %', '10 %']],
    ['', 3, []],
  ] as const) {
    it(`of ${JSON.stringify(text)} are ${JSON.stringify(expected)} when ${String(count)} are wanted`, async () => {
      writeFileSync(path, text);
      assert.deepEqual(await lastLines(path, count), expected);
    });
  }

  it('are found in a log of many blocks', async () => {
    writeFileSync(
      path,
      Array.from({ length: 50_000 }, (_, index) => `line ${String(index)}\n`).join(''),
    );
    const lines = await lastLines(path, 20_000);
    assert.equal(lines.length, 20_000);
    assert.equal(lines[0], 'line 30000');
  });

  it('are looked for in the rotated log, too, where the present one has fewer', async () => {
    writeFileSync(`${path}.1`, 'one\ntwo\nthree\n');
    for (const [text, expected] of [
      ['four\nfive\n', ['two', 'three', 'four', 'five']],
      ['', ['one', 'two', 'three']],
      ['three.\nfour\nfive\nsix\n', ['three.', 'four', 'five', 'six']],
    ] as const) {
      writeFileSync(path, text);
      assert.deepEqual(await lastLines(path, 4), expected);
    }
  });

  it('are none where there is no log', async () => {
    assert.deepEqual(await lastLines(path, 5), []);
  });
});

describe('a log that grows', () => {
  it('gives whole lines only, and characters whole that came in two parts', async () => {
    const reader = new LogReader(path);
    const bytes = Buffer.from('grün\nha');
    assert.deepEqual(await reader.readLines(), []);
    appendFileSync(path, bytes.subarray(0, 3));
    assert.deepEqual(await reader.readLines(), []);
    appendFileSync(path, bytes.subarray(3));
    assert.deepEqual(await reader.readLines(), ['grün']);
    appendFileSync(path, 'lf\n');
    assert.deepEqual(await reader.readLines(), ['half']);
  });

  it('loses no line when it is rotated', async () => {
    const log = new LogFile(path, 100);
    const reader = new LogReader(path);
    const seen: string[] = [];
    for (let index = 0; index < 200; index += 1) {
      log.write(Buffer.from(`line ${String(index)}\n`));
      if (index % 7 === 0) seen.push(...(await reader.readLines()));
    }
    log.close();
    seen.push(...(await reader.readLines()));
    assert.deepEqual(
      seen,
      Array.from({ length: 200 }, (_, index) => `line ${String(index)}`),
    );
  });

  it('never takes more than twice its limit', () => {
    const log = new LogFile(path, 1_000);
    for (let index = 0; index < 500; index += 1) log.write(Buffer.alloc(90, 'x'));
    log.close();
    assert.ok(statSync(path).size <= 1_000);
    assert.ok(statSync(`${path}.1`).size <= 1_000);
  });
});

describe('the lines of one life', () => {
  it('are the last ones, the unfinished one too, however they end', () => {
    const recent = new RecentLines();
    for (const text of ['gr', 'ün\r\n0 %\r', '50 %\r', '\nhalf']) recent.write(Buffer.from(text));
    assert.deepEqual(recent.lines, ['grün', '0 %', '50 %', 'half']);
    for (let index = 0; index < 2_000; index += 1) recent.write(Buffer.from(`\n${String(index)}`));
    assert.equal(recent.lines.at(-1), '1999');
    assert.ok(recent.lines.length < 1_000);
  });

  it('take no more memory when one of them never ends', () => {
    const recent = new RecentLines();
    for (let index = 0; index < 100; index += 1) recent.write(Buffer.alloc(1_000, 'x'));
    assert.ok(recent.lines[0]!.length < 10_000);
  });
});

describe('a line of our own', () => {
  it('begins anew after the unfinished words of a child', () => {
    const log = new LogFile(path);
    log.writeLine('--- first');
    log.write(Buffer.from('done\n'));
    log.writeLine('--- second');
    log.write(Buffer.from('hal'));
    log.writeLine('--- third');
    log.close();
    assert.equal(readFileSync(path, 'utf8'), '--- first\ndone\n--- second\nhal\n--- third\n');
  });
});

describe('the logs of a stack', () => {
  const signal = new AbortController().signal;
  const collect = async (units: readonly string[]) =>
    Array.fromAsync(streamLogs(directory, { units, follow: false, tail: 1, signal }));

  it('come for all units, or for those that were named, but the supervisor’s only by name', async () => {
    mkdirSync(join(directory, 'logs'));
    for (const unit of ['b', 'a', 'supervisor'])
      writeFileSync(join(directory, 'logs', `${unit}.log`), `old\nlast of ${unit}`);
    const line = (unit: string) => ({ unit, text: `last of ${unit}` });
    assert.deepEqual(await collect([]), [line('a'), line('b')]);
    assert.deepEqual(await collect(['b']), [line('b')]);
    assert.deepEqual(await collect(['supervisor']), [line('supervisor')]);
    assert.deepEqual(await collect(['nobody']), []);
  });

  it('are none without a stack', async () => {
    assert.deepEqual(await collect([]), []);
  });

  it('end when nobody follows them any more', async () => {
    mkdirSync(join(directory, 'logs'));
    writeFileSync(join(directory, 'logs', 'a.log'), 'one\n');
    const leaving = new AbortController();
    const lines: string[] = [];
    const options = { units: [], follow: true, tail: 10, signal: leaving.signal };
    for await (const { text } of streamLogs(directory, options)) {
      lines.push(text);
      if (text === 'one') writeFileSync(join(directory, 'logs', 'new.log'), 'of a new unit\n');
      else leaving.abort();
    }
    assert.deepEqual(lines, ['one', 'of a new unit']);
  });
});
