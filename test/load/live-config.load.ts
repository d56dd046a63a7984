import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it } from 'node:test';
import type { WorkerConfigInput, WorkerTemplate } from '../../src/config/worker-config.ts';
import { loadTemplates } from '../../src/prompts/load-templates.ts';
import { toVersion } from './harness/configurations.ts';
import { describeOutcome, generate, isWhole, type Outcome } from './harness/client/generation.ts';
import { getJson } from './harness/client/json-client.ts';
import { describeMs } from './harness/measure.ts';
import { startSimulator, startWorker } from './harness/programs.ts';
import { scaled } from './harness/scale.ts';
import { createSeeded, type Seeded } from './harness/seeded.ts';
import { until } from './harness/until.ts';

const CHANGES = scaled(50, 6);
const CHANGE_EVERY_MS = 400;
const STREAMS = scaled(100, 20);
const REQUESTS_PER_SECOND = scaled(200, 50);
const SEED = 6;

const STREAM_TOKENS = 100;
const REQUEST_TOKENS = 4;
const ITL_MS = 20;

const MESSAGES = [{ role: 'user', text: 'Does anything change?' }];
const TEMPLATES = ['vicuna_v1.1', 'llama-2', null];

describe(`${CHANGES} new configurations under ${STREAMS} streams and ${REQUESTS_PER_SECOND} requests a second`, () => {
  it('fail no request, and cut no stream', async (t) => {
    const flags = { 'answer-tokens': STREAM_TOKENS, 'ttft-ms': 10, 'itl-ms': ITL_MS };
    const engines = await Promise.all([1, 2, 3].map(() => startSimulator(t, flags)));
    const random = createSeeded(SEED);
    const templates = await loadTemplates(
      join(import.meta.dirname, '../../templates/conversations'),
    );
    const urls = engines.map(({ url }) => url);
    const next = (): WorkerConfigInput => choose({ random, urls, templates: [...templates] });
    const worker = await startWorker(t, next());

    const over = new AbortController();
    t.after(() => over.abort());
    const streams: Outcome[] = [];
    const requests: Outcome[] = [];
    const latenciesMs: number[] = [];
    const body = { messages: MESSAGES, generation_mode: 'chat' };
    const streaming = Array.from({ length: STREAMS }, async (_, i) => {
      await sleep((i / STREAMS) * STREAM_TOKENS * ITL_MS);
      while (!over.signal.aborted) {
        streams.push(await generate({ port: worker.port, form: 'cumulative', body }));
      }
    });
    const askOnce = async (): Promise<void> => {
      const sentMs = performance.now();
      const outcome = await generate({
        port: worker.port,
        form: 'whole',
        body: { ...body, max_new_tokens: REQUEST_TOKENS },
      });
      latenciesMs.push(outcome.endedMs - sentMs);
      requests.push(outcome);
    };
    const asking = (async () => {
      const under: Promise<void>[] = [];
      const startedMs = performance.now();
      // By the clock: an answer that is late delays no other question.
      while (!over.signal.aborted) {
        const due = ((performance.now() - startedMs) / 1_000) * REQUESTS_PER_SECOND;
        while (under.length < due) under.push(askOnce());
        await sleep(5);
      }
      await Promise.all(under);
    })();
    for (let change = 0; change < CHANGES; change += 1) {
      await sleep(CHANGE_EVERY_MS);
      await worker.configure(next());
    }
    await sleep(CHANGE_EVERY_MS);
    over.abort();
    await Promise.all([...streaming, asking]);

    t.diagnostic(
      `${streams.length} streams of ${STREAM_TOKENS} tokens and ${requests.length} requests during ${CHANGES} changes`,
    );
    t.diagnostic(`requests of ${REQUEST_TOKENS} tokens took ${describeMs(latenciesMs)}`);
    const failed = [...streams, ...requests].filter((outcome) => !isWhole(outcome));
    t.diagnostic(`${failed.length} failed`);
    assert.deepEqual(failed.slice(0, 3).map(describeOutcome), []);
    for (const { text } of [...streams, ...requests]) assert.match(text, /^This is a sim/);

    await until('nothing is left', async () => {
      const { queue_length: left } = await getJson(`${worker.url}/worker_status`);
      return left === 0;
    });
    const stats = await Promise.all(urls.map((url) => getJson(`${url}/sim/stats`)));
    const completed = stats.map((each) => Number(each['completed']));
    t.diagnostic(`completed at the three engines: ${completed.join(', ')}`);
    assert.ok(
      completed.every((count) => count > 0),
      'an engine never had its turn',
    );
    assert.deepEqual(
      stats.map(({ aborted, failed: broken, running }) => [aborted, broken, running]),
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    );
  });
});

type Choice = {
  readonly random: Seeded;
  readonly urls: readonly string[];
  readonly templates: readonly (readonly [
    string,
    Extract<WorkerTemplate, { kind: 'conversation' }>['conversation'],
  ])[];
};

/** Two versions, each on some of the engines, with other weights, limits and templates each time. */
function choose({ random, urls, templates }: Choice): WorkerConfigInput {
  const some = (): readonly string[] => {
    const first = random.between(0, urls.length - 1);
    const count = random.between(1, urls.length);
    return Array.from({ length: count }, (_, i) => urls[(first + i) % urls.length]!);
  };
  const version = (name: string) => {
    const wanted = random.pick(TEMPLATES);
    const conversation = templates.find(([key]) => key === wanted)?.[1];
    const limits = {
      concurrency: random.between(STREAMS * 2, 1_024),
      queue_length: random.between(512, 1_024),
      // Another idle limit makes another connection pool of the same replica.
      idle_timeout_ms: random.pick([60_000, 90_000]),
    };
    return {
      ...toVersion({ name, engineUrls: some(), limits }),
      weight: random.between(1, 100),
      template:
        conversation === undefined ? null : ({ kind: 'conversation', conversation } as const),
    };
  };
  const limits = { keep_alive_ms: random.pick([5_000, 15_000]) };
  return {
    role: 'worker',
    services: [{ name: 'm', limits, versions: [version('blue'), version('green')] }],
  };
}
