import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';

import { EngineProgressFile, PROGRESS_BELIEVED_MS } from '../../../src/config/worker-config.ts';
import { EngineProgress } from '../../../src/local/supervisor/engine-progress.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'progress-'));
  mkdirSync(join(directory, 'worker'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const open = () => new EngineProgress(directory, (error) => assert.fail(String(error)));

function written(): EngineProgressFile | null {
  const file = join(directory, 'worker/engines.json');
  return existsSync(file) ? EngineProgressFile.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
}

describe('the progress of engines', () => {
  it('lies beside the worker’s configuration as long as there is some', () => {
    const progress = open();
    progress.tell('a-engine-0', 'compiling');
    progress.tell('b-engine-0', 'loading the weights, 3 of 5 files');
    assert.equal(written()?.['a-engine-0']?.text, 'compiling');
    progress.tell('a-engine-0', null);
    assert.deepEqual(Object.keys(written()!), ['b-engine-0']);
    progress.tell('b-engine-0', null);
    assert.equal(written(), null);
  });

  it('is written again before the worker stops believing it', (t) => {
    t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000_000 });
    const progress = open();
    progress.tell('a-engine-0', 'compiling');
    t.mock.timers.tick(10 * PROGRESS_BELIEVED_MS);
    const age = Date.now() - written()!['a-engine-0']!.at_ms;
    assert.ok(age < PROGRESS_BELIEVED_MS / 2, String(age));
    progress.tell('a-engine-0', null);
    t.mock.timers.tick(PROGRESS_BELIEVED_MS);
    assert.equal(written(), null);
  });

  it('is not written again by a phrase that is the same', () => {
    const progress = open();
    progress.tell('a-engine-0', 'compiling');
    rmSync(join(directory, 'worker/engines.json'));
    progress.tell('a-engine-0', 'compiling');
    assert.equal(written(), null);
  });
});
