import fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diffUnits, type ObservedUnit, type Unit } from '../../src/plan/diff.ts';
import { printOperations } from '../../src/plan/print-plan.ts';

function found(name: string, facts: Partial<ObservedUnit> = {}): ObservedUnit {
  return { name, hash: 'h', state: 'running', detail: 'up 2 hours', gpus: [], ...facts };
}

const wanted = (...names: readonly string[]): readonly Unit[] =>
  names.map((name) => ({ name, hash: 'h' }));

describe('diffUnits', () => {
  it('gives nothing for an unchanged stack, whatever the order', () => {
    assert.deepEqual(diffUnits(wanted('a', 'b'), [found('b'), found('a')]), []);
  });

  it('leaves alone what is starting or restarting', () => {
    assert.deepEqual(
      diffUnits(wanted('a', 'b'), [
        found('a', { state: 'starting' }),
        found('b', { state: 'restarting' }),
      ]),
      [],
    );
  });

  it('gives each operation its cause, in the wanted order, removals last', () => {
    const observed = [
      found('gone'),
      found('changed', { hash: 'old' }),
      found('foreign', { hash: null }),
      found('down', { state: 'stopped', detail: 'exited (137) 3 minutes ago' }),
    ];

    assert.deepEqual(diffUnits(wanted('new', 'down', 'foreign', 'changed'), observed), [
      { verb: 'create', unit: 'new', cause: 'not there yet' },
      { verb: 'start', unit: 'down', cause: 'exited (137) 3 minutes ago' },
      { verb: 'recreate', unit: 'foreign', cause: 'made by something else' },
      { verb: 'recreate', unit: 'changed', cause: 'its configuration changed' },
      { verb: 'remove', unit: 'gone', cause: 'no longer in the file' },
    ]);
  });

  it('updates what runs on when only the settings that it follows are others', () => {
    const settings = 'its settings changed; it takes them over as it runs';
    const desired = ['same', 'other', 'lost', 'anew', 'down'].map((name) => ({
      ...{ name, hash: 'h', follows: 'new' },
    }));
    const observed = [
      found('same', { follows: 'new' }),
      found('other', { follows: 'old' }),
      found('lost'),
      found('anew', { hash: 'old', follows: 'old' }),
      found('down', { state: 'stopped', detail: 'exited', follows: 'old' }),
    ];

    const operations = diffUnits(desired, observed);
    assert.deepEqual(operations, [
      { verb: 'update', unit: 'other', cause: settings },
      { verb: 'update', unit: 'lost', cause: settings },
      { verb: 'recreate', unit: 'anew', cause: 'its configuration changed' },
      { verb: 'start', unit: 'down', cause: 'exited' },
    ]);
    assert.match(printOperations(operations), /^\* update +other +its settings changed/);
  });

  it('makes anew what is stopped and changed, instead of starting the old one', () => {
    const [operation] = diffUnits(wanted('a'), [found('a', { hash: 'old', state: 'stopped' })]);

    assert.equal(operation?.verb, 'recreate');
  });

  it('names a unit at most once, and only when something is to be done', () => {
    const names = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd'));
    const state = fc.constantFrom('running', 'starting', 'restarting', 'stopped');
    const units = names.chain((list) =>
      fc.tuple(
        ...list.map((name) =>
          fc
            .record({ hash: fc.constantFrom('h', 'x', null), state })
            .map((facts) => found(name, facts)),
        ),
      ),
    );
    fc.assert(
      fc.property(names, units, (list, observed) => {
        const touched = diffUnits(wanted(...list), observed).map(({ unit }) => unit);
        const isRight = (name: string) =>
          observed.some(
            (unit) => unit.name === name && unit.hash === 'h' && unit.state !== 'stopped',
          );
        const expected = [
          ...list.filter((name) => !isRight(name)),
          ...observed.map(({ name }) => name).filter((name) => !list.includes(name)),
        ];
        assert.deepEqual(touched, expected);
      }),
    );
  });
});

describe('printOperations', () => {
  it('says when there is nothing to do', () => {
    assert.equal(printOperations([]), 'nothing to do');
  });

  it('prints one aligned line for each operation', () => {
    const text = printOperations([
      { verb: 'create', unit: 'Llama-2-7b-chat-engine-0', cause: 'not there yet' },
      { verb: 'recreate', unit: 'gateway', cause: 'its configuration changed' },
      { verb: 'start', unit: 'traefik', cause: 'exited (137) 3 minutes ago' },
      { verb: 'remove', unit: 'old-worker', cause: 'no longer in the file' },
    ]);

    assert.equal(
      text,
      `+ create    Llama-2-7b-chat-engine-0  not there yet
~ recreate  gateway                   its configuration changed
> start     traefik                   exited (137) 3 minutes ago
- remove    old-worker                no longer in the file`,
    );
  });

  it('stays within 100 columns', () => {
    const text = printOperations([{ verb: 'create', unit: 'x'.repeat(90), cause: 'y'.repeat(90) }]);

    assert.equal(text.length, 100);
  });
});
