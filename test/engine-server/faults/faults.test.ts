import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { FaultBox } from '../../../src/engine-server/faults/fault-box.ts';
import { parseFaultFlags, parseFaults } from '../../../src/engine-server/faults/faults.ts';

const noText = (): string => {
  throw new Error('nobody has to know the prompt');
};

describe('faults', () => {
  it('reads the flags of the command line', () => {
    const flags = ['die_at_token=5', 'split_bytes', 'refuse=false', 'times=2'];
    assert.deepEqual(parseFaultFlags(flags), {
      die_at_token: 5,
      split_bytes: true,
      refuse: false,
      times: 2,
    });
  });

  for (const [name, value] of Object.entries({
    'an unknown fault': { explode: true },
    'a negative count': { die_at_token: -1 },
    'a wrong type': { refuse: 5 },
    'no times': { times: 0 },
    'no object': [],
    'a status that is no error': { status: 200 },
    'an unknown fault in a script': { script: [{ explode: true }] },
    'times in a script': { script: [{ refuse: true, times: 2 }] },
    'a script and more': { script: [{}], refuse: true },
    'a rule that matches all': { rules: [{ match: '', refuse: true }] },
    'a rule without a match': { rules: [{ refuse: true }] },
  })) {
    it(`refuses ${name}`, () => {
      assert.throws(() => parseFaults(value), { code: 'usage', param: 'fault' });
    });
  }

  it('meets only as many requests as it should', () => {
    const box = new FaultBox(false);
    box.set({ refuse: true, times: 2 });
    assert.equal(box.take(noText).refuse, true);
    assert.deepEqual(box.current, { refuse: true, times: 1 });
    assert.equal(box.take(noText).refuse, true);
    assert.deepEqual(box.take(noText), {});
    assert.deepEqual(box.current, {});
  });

  it('meets all requests when no number is given', () => {
    const box = new FaultBox(false);
    box.set({ refuse: true });
    box.take(noText);
    assert.deepEqual(box.take(noText), { refuse: true });
  });

  it('gives each request its own entry of a script, and then none', () => {
    const box = new FaultBox(false);
    box.set({ script: [{ refuse: true }, {}, { status: 429 }] });
    const taken = [1, 2, 3, 4].map(() => box.take(noText));
    assert.deepEqual(taken, [{ refuse: true }, {}, { status: 429 }, {}]);
    assert.deepEqual(box.current, {});
  });

  it('gives a request the first rule that matches its prompt, as often as the rule says', () => {
    const box = new FaultBox(false);
    box.set({
      rules: [
        { match: 'one', status: 400, times: 1 },
        { match: 'o', status: 500 },
      ],
    });
    const statuses = ['one', 'one', 'two', 'three'].map((text) => box.take(() => text).status);
    assert.deepEqual(statuses, [400, 500, 500, undefined]);
    assert.deepEqual(box.current, { rules: [{ match: 'o', status: 500 }] });
  });

  it('is frozen from the moment that it is told, or that a request meets it, until faults are set anew', async () => {
    const box = new FaultBox(false);
    box.set({ freeze: true });
    const frozen = box.frozen;
    assert.ok(frozen);
    box.set({});
    await frozen;
    assert.equal(box.frozen, null);
    box.set({ script: [{}, { freeze: true }] });
    box.take(noText);
    assert.equal(box.frozen, null);
    box.take(noText);
    assert.ok(box.frozen);
  });

  it('reads a message with an equals sign in it', () => {
    assert.deepEqual(parseFaultFlags(['status=429', 'message=a=b']), {
      status: 429,
      message: 'a=b',
    });
  });

  it('ends no process that is not its own', () => {
    assert.throws(() => new FaultBox(false).set({ exit_at_token: 1 }), {
      code: 'param_out_of_range',
    });
    for (const plan of [
      { script: [{}, { exit_at_token: 1 }] },
      { rules: [{ match: 'x', exit_at_token: 1 }] },
    ]) {
      assert.throws(() => new FaultBox(false).set(plan), { code: 'param_out_of_range' });
    }
    assert.doesNotThrow(() => new FaultBox(true).set({ exit_at_token: 1 }));
  });
});
