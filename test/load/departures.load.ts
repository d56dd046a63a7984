import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { manyServices } from './harness/configurations.ts';
import { type DepartureTap, startDepartureTap } from './harness/taps/departure-tap.ts';
import {
  type Generation,
  type GenerationRequest,
  startGeneration,
} from './harness/client/generation.ts';
import { deleteJson, getJson, postJson } from './harness/client/json-client.ts';
import { describeMs, quantile } from './harness/measure.ts';
import {
  type Program,
  type SimulatorFlags,
  startSimulator,
  startWorker,
} from './harness/programs.ts';
import { scaled } from './harness/scale.ts';
import { createSeeded, type Seeded } from './harness/seeded.ts';
import { until } from './harness/until.ts';

const DEPARTURES = scaled(10_000, 500);
/** Of one phase at the same time. */
const CLIENTS = 16;
/** Of each client, until it comes again: departures are measured, not a flood of arrivals. */
const MOST_PAUSE_MS = 80;
/** Places of each service: all clients of a phase, and those who only hold a place. */
const PLACES = 24;
const SEED = 10_000;
const P99_LIMIT_MS = 250;

const LONG = { 'answer-tokens': 3_000, 'ttft-ms': 0, 'itl-ms': 20 };

/** When a client leaves: so long after it asked, or with so many frames, or with the last one. */
type Leaving = { readonly afterMs: number } | { readonly withFrame: number } | 'with the last';

type Phase = {
  readonly name: string;
  readonly engine: SimulatorFlags;
  /** Long streams that hold places while the others wait. */
  readonly holders: number;
  readonly leave: (random: Seeded) => Leaving;
};

const PHASES: readonly Phase[] = [
  {
    name: 'queued-at-the-worker',
    engine: LONG,
    holders: PLACES,
    leave: (random) => ({ afterMs: random.between(1, 80) }),
  },
  {
    name: 'queued-at-the-engine',
    engine: { ...LONG, 'max-concurrent': 1 },
    holders: 1,
    leave: (random) => ({ afterMs: random.between(1, 80) }),
  },
  {
    name: 'before-the-first-byte',
    engine: { ...LONG, 'ttft-ms': 600_000 },
    holders: 0,
    leave: (random) => ({ afterMs: random.between(1, 80) }),
  },
  {
    name: 'in-mid-stream',
    engine: LONG,
    holders: 0,
    leave: (random) => ({ withFrame: random.between(1, 8) }),
  },
  {
    name: 'at-the-very-end',
    engine: { 'answer-tokens': 12, 'ttft-ms': 5, 'itl-ms': 5 },
    holders: 0,
    leave: (random) =>
      random.between(0, 1) === 0 ? 'with the last' : { afterMs: random.between(50, 80) },
  },
];

/** Never answered in one piece before it is complete, so no frames to leave with. */
const STREAMED = ['cumulative', 'sse', 'delta'] as const;

describe('clients that leave', () => {
  it(`are seen by the engine, ${DEPARTURES} of ${DEPARTURES}, p99 within ${P99_LIMIT_MS} ms`, async (t) => {
    const random = createSeeded(SEED);
    const engines = await Promise.all(PHASES.map(({ engine }) => startSimulator(t, engine)));
    const taps = await Promise.all(engines.map(({ port }) => startDepartureTap(t, port)));
    const limits = { concurrency: PLACES };
    const worker = await startWorker(
      t,
      manyServices(PHASES.map(({ name }, i) => ({ name, engineUrls: [taps[i]!.url], limits }))),
    );

    const delaysMs: number[] = [];
    for (const [i, phase] of PHASES.entries()) {
      const engine = engines[i]!;
      const stage = { t, phase, engine, port: worker.port };
      const holders = await hold(stage, phase.holders);
      const left = await leaveAll(stage, random);
      delaysMs.push(...(await account(stage, { left, tap: taps[i]! })));
      holders.forEach(({ reply }) => reply.leave());
      await until(`${phase.name} is empty`, () => isEmpty(stage));
    }
    t.diagnostic(`from close to abort ${describeMs(delaysMs)}`);
    assert.ok(quantile(delaysMs, 0.99) <= P99_LIMIT_MS, `p99 ${quantile(delaysMs, 0.99)} ms`);

    for (const [i, phase] of PHASES.entries()) {
      const stage = { t, phase, engine: engines[i]!, port: worker.port };
      const again = await hold(stage, PLACES);
      again.forEach(({ reply }) => reply.leave());
      await until(`${phase.name} is empty again`, () => isEmpty(stage));
    }
  });
});

type Stage = {
  readonly t: TestContext;
  readonly phase: Phase;
  readonly engine: Program;
  readonly port: number;
};

/** Takes so many places, and resolves when the engine has all of them at once. */
async function hold(
  { phase, engine, port }: Stage,
  places: number,
): Promise<readonly Generation[]> {
  const prefix = `/api/${phase.name}`;
  // An answer that ends soon holds no place: such an engine is kept from it by its own silence.
  if (phase.name === 'at-the-very-end')
    await postJson(`${engine.url}/sim/faults`, { stall_at_token: 1 });
  const holders = Array.from({ length: places }, (_, i) =>
    startGeneration({
      port,
      prefix,
      form: 'delta',
      body: { prompt: `hold-${i}`, max_new_tokens: 3_000 },
    }),
  );
  await until(`${phase.name} has ${places} at its engine`, async () => {
    const { running, waiting } = await getJson(`${engine.url}/sim/stats`);
    return Number(running) + Number(waiting) === places;
  });
  if (phase.name === 'at-the-very-end') await deleteJson(`${engine.url}/sim/faults`);
  return holders;
}

/** When each of them left, by its prompt. */
type Left = ReadonlyMap<string, number>;

async function leaveAll(stage: Stage, random: Seeded): Promise<Left> {
  const left = new Map<string, number>();
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < DEPARTURES / PHASES.length) {
      const prompt = `leave-${next}`;
      next += 1;
      const leaving = stage.phase.leave(random);
      const forms = 'afterMs' in Object(leaving) ? ([...STREAMED, 'whole'] as const) : STREAMED;
      left.set(prompt, await leaveOnce(stage, { prompt, leaving, form: random.pick(forms) }));
      await sleep(random.between(0, MOST_PAUSE_MS));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return left;
}

type Departure = {
  readonly prompt: string;
  readonly leaving: Leaving;
  readonly form: GenerationRequest['form'];
};

/** Resolves with the moment at which the client closed its connection. */
function leaveOnce({ phase, port }: Stage, { prompt, leaving, form }: Departure): Promise<number> {
  return new Promise((resolve) => {
    let frames = 0;
    const leave = (): void => {
      generation.reply.leave();
      resolve(performance.now());
    };
    const generation = startGeneration({
      port,
      prefix: `/api/${phase.name}`,
      form,
      body: { prompt, max_new_tokens: 3_000 },
      onFrame: (json) => {
        frames += 1;
        const isLast = leaving === 'with the last' && json.includes('"finish_reason":"');
        if (isLast || (isWithFrame(leaving) && frames === leaving.withFrame)) leave();
      },
    });
    if (typeof leaving === 'object' && 'afterMs' in leaving) setTimeout(leave, leaving.afterMs);
  });
}

function isWithFrame(leaving: Leaving): leaving is { readonly withFrame: number } {
  return typeof leaving === 'object' && 'withFrame' in leaving;
}

/** What became of each of them; the milliseconds from its close to the engine's abort, of those that were aborted. */
async function account(
  { t, phase, engine }: Stage,
  { left, tap }: { readonly left: Left; readonly tap: DepartureTap },
): Promise<readonly number[]> {
  let stats: Readonly<Record<string, unknown>> = {};
  await until(`${phase.name} has nobody but those who hold places`, async () => {
    stats = await getJson(`${engine.url}/sim/stats`);
    return Number(stats['running']) + Number(stats['waiting']) === phase.holders;
  });
  const passages = [...left.keys()].map((prompt) => tap.passages.get(prompt));
  await until(`${phase.name}: the worker has let go of all who left`, () =>
    passages.every((passage) => passage?.isComplete !== false || passage.abortedMs !== null),
  );
  const delaysMs: number[] = [];
  let completed = 0;
  let neverThere = 0;
  for (const [prompt, leftMs] of left) {
    const passage = tap.passages.get(prompt);
    if (passage === undefined) neverThere += 1;
    else if (passage.isComplete) completed += 1;
    else delaysMs.push(passage.abortedMs! - leftMs);
  }
  // A connection may be closed before the engine has read what came over it.
  const unread = tap.passages.size - Number(stats['requests']);
  assert.ok(unread >= 0, 'the engine has requests that never came');
  const over = Number(stats['aborted']) + Number(stats['completed']);
  assert.equal(over + phase.holders, stats['requests'], JSON.stringify(stats));
  const inPhases = ['waiting', 'before_first_token', 'mid_stream'].map(
    (name) => `${String(stats[`aborted_${name}`])} ${name.replaceAll('_', ' ')}`,
  );
  t.diagnostic(`${phase.name}: the engine counts as aborted ${inPhases.join(', ')}`);
  t.diagnostic(
    `${phase.name}: ${left.size} left, ${delaysMs.length} aborted (${unread} of them before the engine had read them), ${completed} complete before, ${neverThere} never at the engine${delaysMs.length > 0 ? `; ${describeMs(delaysMs)}` : ''}`,
  );
  return delaysMs;
}

async function isEmpty({ phase, engine, port }: Stage): Promise<boolean> {
  const [stats, status] = await Promise.all([
    getJson(`${engine.url}/sim/stats`),
    getJson(`http://127.0.0.1:${port}/api/${phase.name}/worker_status`),
  ]);
  return stats['running'] === 0 && stats['waiting'] === 0 && status['queue_length'] === 0;
}
