import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseVersion } from '../../../src/worker/balance/choose-version.ts';
import type { ReplicaState } from '../../../src/worker/balance/health.ts';

type Weighted = {
  readonly name: string;
  readonly weight: number;
  readonly replicas: readonly { readonly state: ReplicaState }[];
};

function version(name: string, weight: number, ...states: readonly ReplicaState[]): Weighted {
  return { name, weight, replicas: states.map((state) => ({ state })) };
}

/** How many of a hundred requests each version gets. */
function shares(...versions: readonly Weighted[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < 100; i += 1) {
    const { name } = chooseVersion(versions, i / 100)!;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe('versions of a service', () => {
  it('get their shares by weight', () => {
    assert.deepEqual(shares(version('a', 3, 'ready'), version('b', 1, 'ready', 'ready')), {
      a: 75,
      b: 25,
    });
  });

  it('with weight 0 get nothing', () => {
    const none = version('none', 0, 'ready');
    assert.deepEqual(shares(none, version('a', 1, 'ready'), none), { a: 100 });
    assert.deepEqual(shares(version('a', 1, 'down'), none), { a: 100 });
  });

  it('that cannot answer leave their share to those that can', () => {
    const down = version('down', 90, 'down', 'loading', 'stalled');
    assert.deepEqual(shares(down, version('a', 5, 'ready'), version('b', 5, 'down', 'ready')), {
      a: 50,
      b: 50,
    });
  });

  it('whose engines fail are taken only where no engine is ready', () => {
    const failing = version('failing', 90, 'failing');
    assert.deepEqual(shares(failing, version('a', 10, 'ready')), { a: 100 });
    assert.deepEqual(shares(failing, version('a', 10, 'down')), { failing: 100 });
  });

  it('get their shares of the refusals when none can answer', () => {
    assert.deepEqual(shares(version('a', 3, 'down'), version('b', 1)), { a: 75, b: 25 });
  });

  it('that all have weight 0 are better than none', () => {
    assert.deepEqual(shares(version('a', 0, 'ready')), { a: 100 });
    assert.equal(chooseVersion([], 0), null);
  });
});
