/** Both suites against one engine. */
import { after, before, describe } from 'node:test';
import { WORKER_OBLIGATIONS } from './behind-the-worker/all-obligations.ts';
import { serveBehindWorker } from './behind-the-worker/serve-behind-worker.ts';
import type { ServedEngine } from './behind-the-worker/worker-client.ts';
import type { EngineUnderTest } from './engines/engine-under-test.ts';
import { keepObligations } from './keep-obligations.ts';
import { API_OBLIGATIONS } from './vllm-api/all-obligations.ts';
import { API_CASES } from './vllm-api/cases/all-cases.ts';
import { learn } from './vllm-api/learn.ts';
import { readRecording, writeRecording } from './vllm-api/recording.ts';
import { replyTo } from './vllm-api/replies.ts';
import type { ApiEngine } from './vllm-api/replies.ts';

/** Generous: the slowest of them needs half a minute to start, twice. */
const TIMEOUT_MS = 15 * 60_000;

/** Starts the engine, with the worker before it, once for all obligations, and stops it at the end. */
export function describeContract(kind: EngineUnderTest): void {
  describe(`the contract: ${kind.column}`, { timeout: TIMEOUT_MS }, () => {
    let served: ServedEngine | null = null;
    let api: ApiEngine | null = null;
    let stops: readonly (() => Promise<void>)[] = [];
    before(async () => {
      const engine = await kind.start();
      stops = [engine.stop];
      const worker = await serveBehindWorker(engine);
      stops = [worker.close, engine.stop];
      served = { engine, kind, workerUrl: worker.url };
      if (kind.speaks !== 'vLLM’s API') return;
      const { url } = engine;
      const known = await learn(engine);
      if (kind.column === 'vLLM' && process.env['UPDATE_CONTRACTS'] === '1')
        await record(url, known);
      api = { url, known, recording: await readRecording() };
    });
    after(async () => {
      for (const stop of stops) await stop();
    });
    if (kind.speaks === 'vLLM’s API') {
      describe('vLLM’s own API', () => {
        const subject = (): ApiEngine => started(api);
        keepObligations({
          section: 'vllm-api',
          engine: kind,
          obligations: API_OBLIGATIONS,
          subject,
        });
      });
    }
    describe('behind the worker', () => {
      const subject = (): ServedEngine => started(served);
      keepObligations({
        section: 'worker',
        engine: kind,
        obligations: WORKER_OBLIGATIONS,
        subject,
      });
    });
  });
}

function started<T>(subject: T | null): T {
  if (subject === null) throw new Error('the engine did not start');
  return subject;
}

async function record(url: string, known: ApiEngine['known']): Promise<void> {
  const shapes = [];
  for (const each of API_CASES) shapes.push([each.name, await replyTo(each, url, known)] as const);
  await writeRecording(Object.fromEntries(shapes));
}
