import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { durationText, observedUnits } from '../../../src/local/state/observed-units.ts';
import type { LocalState, UnitRecord } from '../../../src/local/state/state-file.ts';

const NOW = new Date('2026-01-01T12:00:00Z');

function observe(unit: Partial<UnitRecord>, facts: { supervisorLives: boolean; lives: boolean }) {
  const state: LocalState = {
    ...{ version: '1', job: null, failure: null, listen: '127.0.0.1', httpPort: 1 },
    supervisor: { pid: 1, startId: 's', mode: 'detached' },
    units: [
      {
        ...{ name: 'chat-engine-0', role: 'engine', hash: 'h', pid: 7, startId: 's', port: 2 },
        ...{ state: 'running', detail: '', restarts: 0, gpus: ['GPU-a'] },
        startedAt: '2026-01-01T10:00:00Z',
        ...unit,
      },
    ],
  };
  const { supervisorLives, lives } = facts;
  return observedUnits(state, {
    supervisorLives,
    isAlive: () => lives,
    now: NOW,
    follows: null,
  })[0]!;
}

describe('what is told about a unit', () => {
  it('is how long it is up, and why it was started again', () => {
    const facts = { supervisorLives: true, lives: true };
    assert.deepEqual(observe({}, facts), {
      ...{
        name: 'chat-engine-0',
        hash: 'h',
        gpus: ['GPU-a'],
        state: 'running',
        detail: 'up 2 hours',
        restarts: 0,
      },
    });
    const { detail } = observe({ detail: 'started again after it exited (1)' }, facts);
    assert.equal(detail, 'up 2 hours, started again after it exited (1)');
  });

  it('is what it waits for between two starts', () => {
    const detail = 'exited (1), starts again in 2 s';
    const waiting = {
      pid: null,
      startId: null,
      startedAt: null,
      state: 'restarting',
      detail,
    } as const;
    const unit = observe(waiting, { supervisorLives: true, lives: false });
    assert.deepEqual([unit.state, unit.detail], ['restarting', detail]);
  });

  it('is that it ended, although the supervisor has not noticed yet', () => {
    assert.equal(observe({}, { supervisorLives: true, lives: false }).state, 'restarting');
  });

  it('is that it is stopped without a supervisor, even if it lives on', () => {
    const dead = observe({}, { supervisorLives: false, lives: false });
    assert.deepEqual([dead.state, dead.detail], ['stopped', 'its supervisor is gone']);
    const past = { detail: 'started again after it exited (1)' };
    const again = observe(past, { supervisorLives: false, lives: false });
    assert.equal(again.detail, 'its supervisor is gone');
    const orphan = observe({}, { supervisorLives: false, lives: true });
    assert.equal(orphan.state, 'stopped');
    assert.match(orphan.detail, /pid 7 outlived its supervisor/);
  });
});

it('durations are told in their largest unit', () => {
  const texts = [-5, 999, 1_000, 59_999, 60_000, 7_200_000, 86_400_000].map(durationText);
  assert.deepEqual(texts, [
    ...['0 seconds', '0 seconds', '1 second', '59 seconds', '1 minute', '2 hours', '1 day'],
  ]);
});
