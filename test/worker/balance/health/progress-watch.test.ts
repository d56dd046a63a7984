import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProgressWatch } from '../../../../src/worker/balance/health/progress-watch.ts';

/** A watch with a limit of 10 s that looks when it is told, and a clock that goes when it is told. */
function watched() {
  let nowMs = 0;
  const silences: number[] = [];
  const watch = new ProgressWatch({
    limitMs: 10_000,
    onSilence: () => silences.push(nowMs),
    now: () => nowMs,
  });
  /** Looks every second, as the timer does. */
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i += 1) {
      nowMs += 1_000;
      watch.look();
    }
  };
  return { watch, silences, pass, jump: (ms: number) => (nowMs += ms) };
}

describe('the watch over an engine', () => {
  it('tells when requests wait for the limit and nobody gets anything, and again after the next limit', (t) => {
    const { watch, silences, pass } = watched();
    t.after(watch.wait());
    t.after(watch.wait());
    pass(25);
    assert.deepEqual(silences, [10_000, 20_000]);
  });

  it('is content as long as anybody gets something', (t) => {
    const { watch, silences, pass } = watched();
    t.after(watch.wait());
    for (let i = 0; i < 10; i += 1) {
      pass(9);
      watch.progressed();
    }
    assert.deepEqual(silences, []);
    pass(11);
    assert.equal(silences.length, 1);
  });

  it('counts no time in which nobody waits', (t) => {
    const { watch, silences, pass } = watched();
    watch.wait()();
    pass(100);
    t.after(watch.wait());
    pass(9);
    assert.deepEqual(silences, []);
  });

  it('goes on from one request to the next, when clients lose their patience before', () => {
    const { watch, silences, pass } = watched();
    for (let i = 0; i < 4; i += 1) {
      const leave = watch.wait();
      pass(3);
      leave();
    }
    assert.equal(silences.length, 1);
  });

  it('does not take a halt of this process for one of the engine', (t) => {
    const { watch, silences, jump } = watched();
    t.after(watch.wait());
    jump(60_000);
    watch.look();
    assert.deepEqual(silences, []);
  });
});
