import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import { manyServices } from './harness/configurations.ts';
import { parseFrame } from './harness/client/frames.ts';
import {
  describeOutcome,
  generate,
  isWhole,
  type GenerationRequest,
} from './harness/client/generation.ts';
import { deleteJson, getJson, postJson } from './harness/client/json-client.ts';
import { describeMs } from './harness/measure.ts';
import { type Program, startSimulator, startWorker } from './harness/programs.ts';
import { scaled } from './harness/scale.ts';
import { createSeeded, type Seeded } from './harness/seeded.ts';
import { until } from './harness/until.ts';

const DEATHS = scaled(500, 32);
/** Engines that die side by side, each behind a service of its own. */
const LANES = 4;
const SEED = 20_261_121;
const LIMIT_MS = 1_000;

const ANSWER_TOKENS = 60;
const TTFT_MS = 10;
const ITL_MS = 4;
const FORMS = ['cumulative', 'sse', 'delta', 'whole'] as const;

/** What each of them does stands in the engine server's README; `sigkill` ends the process from outside, at any moment. */
const KINDS = [
  ...['die_at_token', 'die_at_byte', 'half_event_at_token', 'error_at_token'],
  ...['exit_at_token', 'sigkill'],
] as const;

type Death = {
  readonly form: GenerationRequest['form'];
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  /** The connection is reset, where it breaks at all. */
  readonly reset: boolean;
};

type Told = {
  readonly death: Death;
  /** From the death, or from a moment shortly before it, to the end of what the client saw. */
  readonly afterMs: number;
  readonly inStream: boolean;
};

describe('an engine that dies', () => {
  it(`is told within ${LIMIT_MS} ms, ${DEATHS} times of ${DEATHS}`, async (t) => {
    const names = Array.from({ length: LANES }, (_, lane) => `lane-${lane}`);
    const engines = await Promise.all(names.map(() => startSimulator(t, FLAGS)));
    const engineOf = (i: number): Program => engines[i]!;
    const config = manyServices(names.map((name, i) => ({ name, engineUrls: [engineOf(i).url] })));
    const worker = await startWorker(t, config);
    const streamBytes = await measureStream(engineOf(0).url);

    const told = await Promise.all(
      names.map(async (name, i) => {
        const random = createSeeded(SEED + i);
        const lane = { t, name, engine: engineOf(i), port: worker.port };
        return runLane(lane, { deaths: DEATHS / LANES, random, streamBytes });
      }),
    );
    report(t, told.flat());
    assert.equal(told.flat().length, DEATHS);
  });
});

const FLAGS = { 'answer-tokens': ANSWER_TOKENS, 'ttft-ms': TTFT_MS, 'itl-ms': ITL_MS };

type Lane = {
  readonly t: TestContext;
  readonly name: string;
  readonly engine: Program;
  readonly port: number;
};

type Task = { readonly deaths: number; readonly random: Seeded; readonly streamBytes: number };

async function runLane(lane: Lane, { deaths, random, streamBytes }: Task): Promise<Told[]> {
  let { engine } = lane;
  const told: Told[] = [];
  while (told.length < deaths) {
    const death = chooseDeath(random, streamBytes);
    // An answer that comes to its end also shows the worker that this engine may be trusted again.
    await until(`${lane.name} answers`, () => isAnswering(lane), 60_000);
    const requestsBefore = await countRequests(engine);
    told.push(await dieOnce(lane, engine, death));
    if (death.kind === 'exit_at_token' || death.kind === 'sigkill') {
      await engine.ended;
      engine = await startSimulator(lane.t, { ...FLAGS, port: engine.port });
    } else {
      // A refusal by the worker alone would be no death at all.
      assert.ok((await countRequests(engine)) > requestsBefore, `${lane.name} was never asked`);
      await deleteJson(`${engine.url}/sim/faults`);
    }
  }
  return told;
}

function chooseDeath(random: Seeded, streamBytes: number): Death {
  const form = random.pick(FORMS);
  const kind = random.pick(KINDS);
  const reset = kind.startsWith('die') && random.between(0, 1) === 1;
  return { form, kind, at: random.between(...momentsOf(kind, streamBytes)), reset };
}

/** Before the last token: an engine that has said that it finished may die as it likes. */
function momentsOf(kind: Death['kind'], streamBytes: number): readonly [number, number] {
  if (kind === 'die_at_byte') return [0, streamBytes];
  if (kind === 'sigkill') return [1, TTFT_MS + (ANSWER_TOKENS - 10) * ITL_MS];
  return [0, ANSWER_TOKENS - 2];
}

async function dieOnce(lane: Lane, engine: Program, death: Death): Promise<Told> {
  const { form, kind, at, reset } = death;
  // In force until it is taken back, so that an attempt that is made again dies again.
  // A kill that comes late on a busy machine must not find an answer that is complete.
  const fault =
    kind === 'sigkill'
      ? { stall_at_token: ANSWER_TOKENS - 2 }
      : { [kind]: at, ...(reset ? { reset } : {}) };
  await postJson(`${engine.url}/sim/faults`, fault);
  const sentMs = performance.now();
  let falseEnds = 0;
  const ending = generate({
    port: lane.port,
    prefix: `/api/${lane.name}`,
    form,
    body: { prompt: `to die by ${kind} at ${at}`, max_new_tokens: ANSWER_TOKENS },
    onFrame: (json) => {
      if (typeof parseFrame(json)?.finish_reason === 'string') falseEnds += 1;
    },
  });
  let endedMs = Infinity;
  void engine.ended.then(() => (endedMs = Math.min(endedMs, performance.now())));
  if (kind === 'sigkill') {
    await sleep(at);
    endedMs = performance.now();
    await engine.kill();
  }
  const outcome = await ending;
  const isGone = kind === 'sigkill' || kind === 'exit_at_token';
  const diedMs = isGone ? Math.min(endedMs, outcome.endedMs) : sentMs + (await lifeMs(engine));
  const what = `${kind} at ${at}, ${form}: ${describeOutcome(outcome)}`;
  assert.equal(falseEnds, 0, `a false end: ${what}`);
  assert.equal(outcome.finishReason, null, `a false end: ${what}`);
  assert.notEqual(outcome.errorCode, 0, `a silent end: ${what}`);
  assert.equal(outcome.end, 'complete', `a cut: ${what}`);
  const afterMs = outcome.endedMs - diedMs;
  assert.ok(afterMs <= LIMIT_MS, `after ${afterMs} ms: ${what}`);
  return { death, afterMs, inStream: outcome.status === 200 };
}

/** From the arrival of the engine's last request to its end, by the engine's own clock. */
async function lifeMs({ url }: Program): Promise<number> {
  const { requests } = (await getJson(`${url}/sim/requests?last=1`)) as {
    requests: readonly { readonly arrived_ms: number; readonly ended_ms: number | null }[];
  };
  const [last] = requests;
  assert.ok(last !== undefined && last.ended_ms !== null, 'the engine has not ended its request');
  return last.ended_ms - last.arrived_ms;
}

/** Bytes of a streamed reply's body before the event that says that it finished. */
async function measureStream(engineUrl: string): Promise<number> {
  const reply = await fetch(`${engineUrl}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ prompt: 'x', max_tokens: ANSWER_TOKENS, stream: true }),
  });
  const text = await reply.text();
  const finish = /^data: .*"finish_reason":"/m.exec(text);
  assert.ok(finish, text);
  return Buffer.byteLength(text.slice(0, finish.index));
}

async function isAnswering({ name, port }: Lane): Promise<boolean> {
  const body = { prompt: 'alive?', max_new_tokens: 2 };
  return isWhole(await generate({ port, prefix: `/api/${name}`, form: 'whole', body }));
}

async function countRequests({ url }: Program): Promise<number> {
  return Number((await getJson(`${url}/sim/stats`))['requests']);
}

function report(t: TestContext, told: readonly Told[]): void {
  const all = told.map(({ afterMs }) => afterMs);
  const streamed = told.filter(({ inStream }) => inStream).length;
  t.diagnostic(`${told.length} deaths told: ${describeMs(all)}`);
  t.diagnostic(`${streamed} by an error frame, ${told.length - streamed} by an HTTP status`);
  for (const kind of KINDS) {
    const times = told.filter(({ death }) => death.kind === kind).map(({ afterMs }) => afterMs);
    t.diagnostic(`${kind}: ${describeMs(times)}`);
  }
}
