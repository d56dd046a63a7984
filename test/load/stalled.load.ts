import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import { oneService } from './harness/configurations.ts';
import {
  describeOutcome,
  generate,
  type Generation,
  isWhole,
  type Outcome,
  startGeneration,
} from './harness/client/generation.ts';
import { askEngine, getJson } from './harness/client/json-client.ts';
import { type Cost, costOf, describeMs, sendQueueBytes } from './harness/measure.ts';
import { startSimulator, startWorker, type WorkerProgram } from './harness/programs.ts';
import { assertSameText } from './harness/same-text.ts';
import { scaled } from './harness/scale.ts';
import { until } from './harness/until.ts';

const STALLED = scaled(200, 20);
const READERS = scaled(50, 10);
const MOST_KB_EACH = 256;

const ANSWER_TOKENS = 3_000;
const READER_TOKENS = scaled(300, 80);
const ITL_MS = 40;
/** Echoed in each cumulative frame, so that the kernel's own buffers are full within seconds and the worker has to hold the rest. */
const LONG_PROMPT = 'Nobody reads this. '.repeat(450);
/** The worker writes no more once nothing has left for the kernel in this time. */
const QUIET_MS = 1_500;
const SETTLING_MS = scaled(10_000, 3_000);
/** Longer than a run of the readers, so that all of it has the stalled ones beside it. */
const READER_TIMEOUT_MS = scaled(30_000, 12_000);
const PROMPT = 'Tell me a story that I will read to its end.';

describe(`${STALLED} readers that stopped reading, beside ${READERS} that read`, () => {
  it(`cost at most ${MOST_KB_EACH} kB each, disturb nobody, and are left in time`, async (t) => {
    const engine = await startSimulator(t, {
      'answer-tokens': ANSWER_TOKENS,
      'context-length': 60_000,
      'ttft-ms': 0,
      'itl-ms': ITL_MS,
      'max-concurrent': STALLED + READERS,
    });
    const worker = await startWorker(
      t,
      oneService({
        name: 'm',
        engineUrls: [engine.url],
        limits: { concurrency: STALLED + READERS },
        serviceLimits: { reader_timeout_ms: READER_TIMEOUT_MS },
      }),
    );
    const wanted = askEngine(engine.url, PROMPT, READER_TOKENS);

    // As many as will ever be there, so that the heap has grown to what so many streams need before it is measured.
    await readAll(worker, STALLED + READERS);
    const alone = await readAll(worker, READERS);
    const before = await settle(worker);
    const stalled = await stallAll(worker);
    t.after(() => stalled.forEach(({ reply }) => reply.leave()));
    const queuedBytes = await untilFull(worker.port);
    const fullAtMs = performance.now();
    t.diagnostic(
      `the kernel holds ${Math.round(queuedBytes / STALLED / 1024)} kB for each of them`,
    );
    const beside = await readAll(worker, READERS);
    const during = await settle(worker);
    const { running } = await getJson(`${engine.url}/sim/stats`);
    assert.equal(running, STALLED, 'they were left before the others had read to their end');

    const kbEach = (during.rssKb - before.rssKb) / STALLED;
    report(t, { alone, beside });
    t.diagnostic(
      `worker ${before.rssKb} kB before, ${during.rssKb} kB with ${STALLED} stalled readers: ${kbEach.toFixed(0)} kB each (at most ${during.peakRssKb} kB)`,
    );
    for (const { outcomes } of [alone, beside]) {
      const failed = outcomes.filter((outcome) => !isWhole(outcome));
      assert.deepEqual(failed.map(describeOutcome), []);
      for (const { text } of outcomes) assertSameText(text, await wanted);
    }
    assert.ok(kbEach <= MOST_KB_EACH, `${kbEach} kB each`);

    await until('they are left', async () => (await queueLength(worker)) === 0, 60_000);
    const leftS = (performance.now() - fullAtMs) / 1_000;
    t.diagnostic(
      `all left ${leftS.toFixed(1)} s after the last byte to them; the limit is ${READER_TIMEOUT_MS / 1_000} s`,
    );
    await until('the engine was told', async () => {
      const stats = await getJson(`${engine.url}/sim/stats`);
      return stats['running'] === 0 && stats['aborted'] === STALLED;
    });
    const again = await readAll(worker, READERS);
    assert.ok(again.outcomes.every(isWhole), 'a place was not given back');
  });
});

type Reading = { readonly outcomes: readonly Outcome[]; readonly gapsMs: readonly number[] };

async function readAll(worker: WorkerProgram, readers: number): Promise<Reading> {
  const gapsMs: number[] = [];
  const outcomes = await Promise.all(
    Array.from({ length: readers }, () => {
      let lastMs = 0;
      return generate({
        port: worker.port,
        form: 'cumulative',
        body: { prompt: PROMPT, max_new_tokens: READER_TOKENS },
        onFrame: (_json, atMs) => {
          if (lastMs > 0) gapsMs.push(atMs - lastMs);
          lastMs = atMs;
        },
      });
    }),
  );
  return { outcomes, gapsMs };
}

/** Resolves when each of them has read its first frame and stopped. */
async function stallAll(worker: WorkerProgram): Promise<readonly Generation[]> {
  const stopped: Promise<unknown>[] = [];
  const all: Generation[] = [];
  for (let i = 0; i < STALLED; i += 1) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const generation = startGeneration({
      port: worker.port,
      form: 'cumulative',
      body: { prompt: LONG_PROMPT, echo: true, max_new_tokens: ANSWER_TOKENS },
      onFrame: () => {
        generation.reply.socket.pause();
        resolve(undefined);
      },
    });
    stopped.push(promise);
    all.push(generation);
    // Long prompts take the engine a moment each; all at once would be another test.
    await sleep(5);
  }
  await Promise.all(stopped);
  return all;
}

/** Resolves when the worker has written nothing more for a while, with the bytes that wait in the kernel. */
async function untilFull(port: number): Promise<number> {
  let bytes = -1;
  await until(
    'their buffers are full',
    async () => {
      const before = bytes;
      await sleep(QUIET_MS);
      bytes = await sendQueueBytes(port);
      return bytes === before;
    },
    60_000,
  );
  return bytes;
}

/** The least memory of a quiet while: V8 gives pages back some seconds after it has no more use for them. */
async function settle({ pid }: WorkerProgram): Promise<Cost> {
  let least = await costOf(pid);
  for (let i = 0; i < SETTLING_MS / 500; i += 1) {
    await sleep(500);
    const now = await costOf(pid);
    if (now.rssKb < least.rssKb) least = now;
  }
  return least;
}

async function queueLength({ url }: WorkerProgram): Promise<number> {
  return Number((await getJson(`${url}/worker_status`))['queue_length']);
}

function report(t: TestContext, { alone, beside }: Readonly<Record<string, Reading>>): void {
  t.diagnostic(`gaps of ${READERS} readers alone: ${describeMs(alone!.gapsMs)}`);
  t.diagnostic(`gaps of ${READERS} readers beside them: ${describeMs(beside!.gapsMs)}`);
}
