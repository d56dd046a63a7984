import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';

import { printBytes } from '../../../src/cli/output/print-bytes.ts';
import { showPulling } from '../../../src/cli/output/show-pulling.ts';
import { measureTransfer, printTransfer } from '../../../src/cli/output/transfer-rate.ts';
import type { PullProgress } from '../../../src/models/model-store.ts';
import { fakeContext } from '../fake-context.ts';

const MB = 1024 ** 2;

function progress(doneMb: number, facts: Partial<PullProgress> = {}): PullProgress {
  return { text: 'tiny.gguf', doneBytes: doneMb * MB, totalBytes: 100 * MB, ...facts };
}

describe('printBytes', () => {
  it('counts in powers of 1024, with a digit where there are few', () => {
    assert.deepEqual([0, 980, 1536, 98_362_432, 1024 ** 3 - 1, 7.45 * 1024 ** 3].map(printBytes), [
      '0 bytes',
      '980 bytes',
      '1.5 KB',
      '94 MB',
      '1.0 GB',
      '7.5 GB',
    ]);
  });
});

describe('measureTransfer', () => {
  it('tells the speed of the last seconds, and how long it takes', () => {
    const measure = measureTransfer();
    measure(progress(0), 0);

    assert.deepEqual(measure(progress(10), 2000), { bytesPerS: 5 * MB, secondsLeft: 18 });
  });

  it('a pull that goes on where it was is not as fast as if it had begun', () => {
    const measure = measureTransfer();

    assert.equal(measure(progress(80), 0).bytesPerS, null);
    assert.equal(measure(progress(81), 1000).bytesPerS, MB);
  });

  it('forgets what was before', () => {
    const measure = measureTransfer();
    measure(progress(0), 0);
    for (let second = 1; second <= 20; second += 1) measure(progress(50), second * 1000);

    assert.deepEqual(measure(progress(50), 21_000), { bytesPerS: 0, secondsLeft: null });
  });

  it('begins anew with each file', () => {
    const measure = measureTransfer();
    measure(progress(0), 0);
    measure(progress(90), 1000);
    measure(progress(0, { text: 'other.gguf' }), 2000);

    assert.equal(measure(progress(1, { text: 'other.gguf' }), 3000).bytesPerS, MB);
  });

  it('keeps pace with progress that comes very often', () => {
    const measure = measureTransfer();
    const started = performance.now();
    for (let at = 0; at < 200_000; at += 1) measure(progress(at / 10_000), at / 20);

    // It took minutes when every piece was kept; a second is a hundred times what it takes.
    assert.ok(performance.now() - started < 10_000);
    assert.ok((measure(progress(20), 10_000).bytesPerS ?? 0) > MB);
  });
});

describe('printTransfer', () => {
  const known = { bytesPerS: 12.5 * MB, secondsLeft: 4.2 };

  it('is the file, how much of it, how fast, and how long still', () => {
    assert.equal(
      printTransfer(progress(42), known),
      'tiny.gguf: 42 % of 100 MB, 13 MB/s, 5 s left',
    );
  });

  it('leaves out what nobody knows', () => {
    const unknown = { bytesPerS: null, secondsLeft: null };

    assert.equal(printTransfer(progress(3, { totalBytes: null }), unknown), 'tiny.gguf: 3.0 MB');
    assert.equal(
      printTransfer({ text: 'waiting for another pull', doneBytes: 0, totalBytes: null }, known),
      'waiting for another pull',
    );
  });

  it('never says that all is there before it is', () => {
    assert.match(printTransfer(progress(99.999), known), / 99 % of /);
    assert.equal(printTransfer(progress(100), known), 'tiny.gguf: 100 MB');
  });

  it('long times are in minutes and hours', () => {
    const after = (secondsLeft: number) => printTransfer(progress(1), { ...known, secondsLeft });

    assert.match(after(600), /, 10 min left$/);
    assert.match(after(36_000), /, 10 h left$/);
  });
});

describe('showPulling', () => {
  it('where nobody is looking, tells a line at once and then one in ten seconds', async () => {
    const { terminal, notes } = fakeContext();
    let nowMs = 0;
    const display = showPulling(terminal, () => nowMs);

    for (; nowMs <= 25_000; nowMs += 100) display.onProgress('a', progress(nowMs / 1000));
    await display.end(true);

    assert.deepEqual(notes, [
      'a: tiny.gguf: 0 % of 100 MB',
      'a: tiny.gguf: 10 % of 100 MB, 1.0 MB/s, 90 s left',
      'a: tiny.gguf: 20 % of 100 MB, 1.0 MB/s, 80 s left',
    ]);
  });

  it('tells at once that it waits for somebody, and once', async () => {
    const { terminal, notes } = fakeContext();
    const display = showPulling(terminal, () => 0);
    const uncounted = { doneBytes: 0, totalBytes: null };

    for (const text of ['asking', 'waiting', 'waiting'])
      display.onProgress(null, { text, ...uncounted });
    display.onProgress(null, progress(1));
    await display.end(true);

    assert.deepEqual(notes, ['asking', 'waiting']);
  });

  it('tells each model’s first words', async () => {
    const { terminal, notes } = fakeContext();
    const display = showPulling(terminal, () => 0);

    display.onProgress('a', progress(0));
    display.onProgress('b', progress(0));
    await display.end(true);

    assert.deepEqual(notes, ['a: tiny.gguf: 0 % of 100 MB', 'b: tiny.gguf: 0 % of 100 MB']);
  });

  it(
    'on a terminal it is a line that changes, and stays when it has ended',
    { timeout: 60_000 },
    async (t) => {
      const { terminal, notes } = fakeContext();
      const stream = new PassThrough();
      const tty = Object.assign(stream, { columns: 100, rows: 30, isTTY: true });
      const display = showPulling({ ...terminal, progress: tty as unknown as NodeJS.WriteStream });

      display.onProgress('a', progress(10));
      // A frame is drawn every 100 ms.
      let shown = '';
      while (!shown.includes('42 %') && !t.signal.aborted) {
        display.onProgress('a', progress(42));
        const chunk = stream.read() as Buffer | null;
        shown += stripVTControlCharacters(chunk?.toString() ?? '');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await display.end(true);

      const left = stripVTControlCharacters((stream.read() as Buffer).toString());
      assert.match(left, /a: fetched/);
      assert.deepEqual(notes, []);
    },
  );

  it('shows nothing when nothing is fetched', async () => {
    const { terminal, notes } = fakeContext();

    await showPulling(terminal).end(true);

    assert.deepEqual(notes, []);
  });
});
