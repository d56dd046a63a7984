import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it, type TestContext } from 'node:test';
import { oneService } from './harness/configurations.ts';
import { describeOutcome, generate, isWhole } from './harness/client/generation.ts';
import { askEngine, getJson } from './harness/client/json-client.ts';
import { type Cost, costOf, describeMs } from './harness/measure.ts';
import { startSimulator, startWorker } from './harness/programs.ts';
import { assertSameText } from './harness/same-text.ts';
import { scaled } from './harness/scale.ts';

const STREAMS = scaled(1_000, 50);
const TOKENS = scaled(1_200, 100);
const TOKENS_PER_SECOND = 20;
/** The streams begin spread over this time: nobody has a thousand clients that connect in one moment. */
const RAMP_MS = scaled(4_000, 400);
const PROMPTS = Array.from({ length: 20 }, (_, i) => `Tell me story number ${i}, at length.`);

describe(`${STREAMS} streams of ${TOKENS} tokens at ${TOKENS_PER_SECOND} a second`, () => {
  for (const form of ['cumulative', 'delta'] as const) {
    it(`all end, with the engine's own text, ${form}`, async (t) => {
      const wanted = await askAll(t);
      const engine = await startSimulator(t, {
        'answer-tokens': TOKENS,
        'ttft-ms': 50,
        'itl-ms': 1_000 / TOKENS_PER_SECOND,
        'max-concurrent': STREAMS,
      });
      const limits = { concurrency: STREAMS };
      const config = oneService({ name: 'm', engineUrls: [engine.url], limits });
      const worker = await startWorker(t, config);

      const before = await costs({ worker: worker.pid, engine: engine.pid, client: process.pid });
      const gapsMs: number[] = [];
      const startedMs = performance.now();
      const outcomes = await Promise.all(
        Array.from({ length: STREAMS }, async (_, i) => {
          await sleep((i / STREAMS) * RAMP_MS);
          let lastMs = 0;
          return generate({
            port: worker.port,
            form,
            body: { prompt: PROMPTS[i % PROMPTS.length], max_new_tokens: TOKENS },
            onFrame: (_json, atMs) => {
              if (lastMs > 0) gapsMs.push(atMs - lastMs);
              lastMs = atMs;
            },
          });
        }),
      );
      const tookS = (performance.now() - startedMs) / 1_000;
      const after = await costs({ worker: worker.pid, engine: engine.pid, client: process.pid });

      const sum = (of: (outcome: (typeof outcomes)[number]) => number): number =>
        outcomes.reduce((total, outcome) => total + of(outcome), 0);
      const idealS =
        (RAMP_MS * (1 - 1 / STREAMS) + 50 + TOKENS * (1_000 / TOKENS_PER_SECOND)) / 1_000;
      t.diagnostic(
        `${form}: ${Math.round((STREAMS * TOKENS) / tookS)} tokens/s delivered in ${tookS.toFixed(1)} s; at full pace it takes ${idealS.toFixed(1)} s`,
      );
      t.diagnostic(`${form}: gaps between frames ${describeMs(gapsMs)}`);
      t.diagnostic(
        `${form}: ${sum(({ frames }) => frames)} frames, ${sum(({ wireBytes }) => wireBytes)} bytes`,
      );
      for (const [name, cost] of Object.entries(after)) {
        const cpuS = cost.cpuS - before[name]!.cpuS;
        t.diagnostic(
          `${form}: ${name} ${cpuS.toFixed(1)} s of CPU (${((cpuS / tookS) * 100).toFixed(0)} % of a core), ${Math.round(cost.rssKb / 1024)} MiB, at most ${Math.round(cost.peakRssKb / 1024)} MiB`,
        );
      }

      const failed = outcomes.filter((outcome) => !isWhole(outcome));
      assert.deepEqual(failed.slice(0, 3).map(describeOutcome), [], `${failed.length} failed`);
      outcomes.forEach(({ text }, i) =>
        assertSameText(text, wanted[i % wanted.length]!, `stream ${i}`),
      );
      const { completed } = await getJson(`${engine.url}/sim/stats`);
      assert.equal(completed, STREAMS);
    });
  }
});

/** What an engine of the same model says when it is asked directly; a hasty one, since the pace changes no text. */
async function askAll(t: TestContext): Promise<readonly string[]> {
  const hasty = await startSimulator(t, { 'answer-tokens': TOKENS, 'ttft-ms': 0, 'itl-ms': 0 });
  const texts = await Promise.all(PROMPTS.map((prompt) => askEngine(hasty.url, prompt, TOKENS)));
  await hasty.kill();
  return texts;
}

async function costs(pids: Readonly<Record<string, number>>): Promise<Record<string, Cost>> {
  const all = Object.entries(pids).map(async ([name, pid]) => [name, await costOf(pid)] as const);
  return Object.fromEntries(await Promise.all(all));
}
