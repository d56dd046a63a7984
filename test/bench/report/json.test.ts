import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { z } from 'zod';

import { judge } from '../../../bench/report/judge.ts';
import { JsonLine, toJsonLine, writeJson } from '../../../bench/report/json.ts';
import { SAMPLE, sampleLine } from './sample-report.ts';

let directory = '';
before(async () => void (directory = await mkdtemp(join(tmpdir(), 'llm-ops-bench-json-'))));
after(() => rm(directory, { recursive: true }));

describe('--json FILE', () => {
  it('has every line as it is, in the order of the table', async () => {
    const file = join(directory, 'made/bench.json');
    await writeJson(file, SAMPLE);

    const read = z.array(JsonLine).parse(JSON.parse(await readFile(file, 'utf8')));
    assert.deepEqual(
      read.map(({ id }) => id),
      ['P1', 'P3', 'P4', 'P5', 'P5-converted', 'P6', 'P13', 'P13-stream'],
    );
    assert.deepEqual(read[0], {
      id: 'P1',
      name: 'CPU per plain request',
      unit: 'µs',
      ours: 100,
      peers: { nginx: 25, portkey: 1000 },
      ratios: { nginx: 4, portkey: 0.1 },
      spread: { ours: [96, 104.4444], nginx: [3.9, 4.1], portkey: [0.09, 0.11] },
      goal: '≤ 5 × nginx, ≤ 0.125 × portkey',
      met: true,
      rounds: { kept: 5, thrownAway: {} },
      notes: [],
    });
    assert.deepEqual(read.map(({ met }) => met).slice(1, 4), [false, true, null]);
  });

  it('has null for what was not measured', () => {
    const line = judge(
      sampleLine({
        ours: NaN,
        peers: { nginx: NaN },
        ratios: { nginx: Infinity },
        spread: { ours: [NaN, 1] },
      }),
    );
    const { ours, peers, ratios, spread } = toJsonLine(line);

    assert.deepEqual(
      { ours, peers, ratios, spread },
      { ours: null, peers: { nginx: null }, ratios: { nginx: null }, spread: { ours: [null, 1] } },
    );
  });

  it('replaces the file whole and leaves nothing beside it', async () => {
    const file = join(directory, 'replaced/bench.json');
    await writeJson(file, SAMPLE);
    await writeFile(file, 'x'.repeat(1_000_000));
    await writeJson(file, { ...SAMPLE, families: [] });

    assert.equal(await readFile(file, 'utf8'), '[]\n');
    assert.deepEqual(await readdir(join(directory, 'replaced')), ['bench.json']);
  });
});
