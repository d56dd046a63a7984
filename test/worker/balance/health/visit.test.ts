import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Delta, DeltaSink, Flow } from '../../../../src/engines/engine.ts';
import { ProgressWatch } from '../../../../src/worker/balance/health/progress-watch.ts';
import { Visit } from '../../../../src/worker/balance/health/visit.ts';

const DELTA: Delta = { text: 'x', usage: null, finishReason: null };

class Reader implements DeltaSink {
  readonly texts: string[] = [];
  flow: Flow | null = null;
  wantsMore = true;

  begin(flow: Flow): void {
    this.flow = flow;
  }

  push({ text }: Delta): boolean {
    this.texts.push(text);
    return this.wantsMore;
  }
}

/** A watch whose limit is a second, and how many silences it told of. */
function watched() {
  let nowMs = 0;
  let silences = 0;
  const onSilence = (): void => void (silences += 1);
  const watch = new ProgressWatch({ limitMs: 1_000, onSilence, now: () => nowMs });
  const pass = (seconds: number): number => {
    const before = silences;
    for (let i = 0; i < seconds * 10; i += 1) {
      nowMs += 100;
      watch.look();
    }
    return silences - before;
  };
  return { watch, pass };
}

describe('a request at an engine', () => {
  it('passes on what comes, and whether more is wanted', (t) => {
    const { watch } = watched();
    const reader = new Reader();
    const visit = new Visit(reader, watch);
    t.after(() => visit.end());
    assert.equal(visit.hasProgressed, false);
    assert.equal(visit.push(DELTA), true);
    reader.wantsMore = false;
    assert.equal(visit.push(DELTA), false);
    assert.deepEqual(reader.texts, ['x', 'x']);
    assert.equal(visit.hasProgressed, true);
  });

  it('knows whether others got something while it did not', (t) => {
    const { watch } = watched();
    const [one, other] = [new Visit(new Reader(), watch), new Visit(new Reader(), watch)];
    t.after(() => [one, other].forEach((visit) => visit.end()));
    assert.equal(one.isAllSilent, true);
    other.push(DELTA);
    assert.equal(one.isAllSilent, false);
    assert.equal(other.isAllSilent, true);
    one.push(DELTA);
    assert.equal(one.isAllSilent, true);
  });

  it('whose reader holds the engine back does not wait for it', () => {
    const { watch, pass } = watched();
    const reader = new Reader();
    const calls: string[] = [];
    const visit = new Visit(reader, watch);
    visit.begin({ pause: () => calls.push('pause'), resume: () => calls.push('resume') });
    reader.flow?.pause();
    reader.flow?.pause();
    assert.equal(pass(3), 0);
    reader.flow?.resume();
    assert.equal(pass(1), 1);
    visit.end();
    visit.end();
    assert.deepEqual(calls, ['pause', 'pause', 'resume']);
  });

  it('that is over never waits again, whatever its reader does', () => {
    const { watch, pass } = watched();
    const reader = new Reader();
    const visit = new Visit(reader, watch);
    visit.begin({ pause: () => undefined, resume: () => undefined });
    reader.flow?.pause();
    visit.end();
    reader.flow?.resume();
    assert.equal(pass(3), 0);
  });
});
