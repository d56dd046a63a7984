import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canServe, nextHealth, UNKNOWN } from '../../../src/worker/balance/health.ts';
import type { Health, HealthEvent, ReplicaState } from '../../../src/worker/balance/health.ts';

const EVENTS = {
  'look: ready': { kind: 'looked', seen: 'ready', hasProgressed: false },
  'look: loading': { kind: 'looked', seen: 'loading', hasProgressed: false },
  'look: silent': { kind: 'looked', seen: 'silent', hasProgressed: false },
  'look: silent but at work': { kind: 'looked', seen: 'silent', hasProgressed: true },
  'look: down': { kind: 'looked', seen: 'down', hasProgressed: false },
  lost: { kind: 'lost' },
  answered: { kind: 'answered' },
  failed: { kind: 'failed' },
  stalled: { kind: 'stalled' },
  'canary well': { kind: 'canary', isWell: true },
  'canary ill': { kind: 'canary', isWell: false },
} satisfies Record<string, HealthEvent>;
type Name = keyof typeof EVENTS;

function after(names: readonly Name[], nowMs = 0): Health {
  return names.reduce<Health>((health, name) => nextHealth(health, EVENTS[name], nowMs), UNKNOWN);
}

const READY = ['look: ready'] as const;
const FAILING = [...READY, 'failed', 'failed', 'failed'] as const;
const STALLED = [...READY, 'stalled'] as const;
const SILENT = ['look: silent', 'look: silent', 'look: silent'] as const;

const TABLE: readonly (readonly [what: string, events: readonly Name[], state: ReplicaState])[] = [
  ['that nobody looked at', [], 'starting'],
  ['that never answered', ['look: down', 'lost'], 'starting'],
  ['that answers with an error', ['look: loading'], 'loading'],
  ['that takes connections only', ['look: silent'], 'loading'],
  ['that says so', READY, 'ready'],
  ['that went away', [...READY, 'look: down'], 'down'],
  ['that a request found gone', [...READY, 'lost'], 'down'],
  ['that came back', [...READY, 'lost', 'look: ready'], 'ready'],

  ['that missed two looks', [...READY, 'look: silent', 'look: silent'], 'ready'],
  ['that missed three looks', [...READY, ...SILENT], 'loading'],
  [
    'that missed two looks, and one while it worked',
    [...READY, 'look: silent', 'look: silent', 'look: silent but at work', 'look: silent'],
    'ready',
  ],

  ['that failed twice', [...READY, 'failed', 'failed'], 'ready'],
  ['that failed three times', FAILING, 'failing'],
  [
    'that failed, and answered between',
    [...READY, 'failed', 'failed', 'answered', 'failed', 'failed'],
    'ready',
  ],
  ['that fails, whatever its health says', [...FAILING, 'look: ready', 'look: ready'], 'failing'],
  ['that fails, when a canary came through', [...FAILING, 'canary well'], 'ready'],
  ['that fails, when an answer came through', [...FAILING, 'answered'], 'ready'],
  ['that is on trial, and fails once', [...FAILING, 'canary well', 'failed'], 'failing'],
  [
    'that was on trial, answered, and fails once',
    [...FAILING, 'canary well', 'answered', 'failed'],
    'ready',
  ],
  ['that fails, and its canary too', [...FAILING, 'canary ill'], 'failing'],
  ['that fails and went away', [...FAILING, 'look: down'], 'down'],
  ['that failed, and was started again', [...FAILING, 'lost', 'look: ready', 'failed'], 'ready'],
  ['that fails and says that it loads', [...FAILING, 'look: loading'], 'loading'],
  ['that fails, then says nothing any more', [...FAILING, ...SILENT], 'stalled'],

  ['that stands still', STALLED, 'stalled'],
  ['that stands still, whatever its health says', [...STALLED, 'look: ready'], 'stalled'],
  ['that stands still, and says nothing', [...STALLED, ...SILENT, 'look: ready'], 'stalled'],
  ['that stands still, while a request fails', [...STALLED, 'failed'], 'stalled'],
  ['that fails, then stands still', [...FAILING, 'stalled'], 'stalled'],
  ['that stood still, when a canary came through', [...STALLED, 'canary well'], 'ready'],
  ['that stood still, when an answer came through', [...STALLED, 'answered'], 'ready'],
  ['that stood still, and was started again', [...STALLED, 'look: down', 'look: ready'], 'ready'],
  ['that missed looks, then stands still', [...READY, ...SILENT, 'stalled'], 'stalled'],
  ['that is gone, as a request of old notices', [...READY, 'lost', 'stalled'], 'down'],
  ['that is gone, as an old canary tells', [...READY, 'lost', 'canary well'], 'down'],
];

describe('an engine', () => {
  for (const [what, events, state] of TABLE) {
    it(`${what} is ${state}`, () => {
      assert.equal(after(events).state, state);
    });
  }
});

describe('the wait for a canary', () => {
  const waitMs = (health: Health): number => health.canaryAtMs;

  it('is one second, and doubles up to a minute while canaries fail', () => {
    let health = after(STALLED);
    const waits: number[] = [];
    for (let i = 0; i < 9; i += 1) {
      waits.push(waitMs(health));
      health = nextHealth(health, EVENTS['canary ill'], 0);
    }
    assert.deepEqual(
      waits,
      [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000),
    );
  });

  it('doubles when requests fail again after the canary', () => {
    assert.equal(waitMs(after([...FAILING, 'canary well', 'failed'])), 2_000);
  });

  it('is short again once an answer was completed', () => {
    const again = [...FAILING, 'canary well', 'answered', 'failed', 'failed', 'failed'] as const;
    assert.equal(waitMs(after(again)), 1_000);
  });

  it('begins at the ejection', () => {
    assert.equal(waitMs(after(STALLED, 500)), 1_500);
  });
});

describe('a request may go', () => {
  it('to a ready engine, in need to a failing one, and nowhere else', () => {
    const states: readonly ReplicaState[] = [
      ...(['starting', 'loading', 'ready', 'failing', 'stalled', 'down'] as const),
    ];
    assert.deepEqual(states.filter(canServe), ['ready', 'failing']);
  });
});
