import assert from 'node:assert/strict';
import { streamAndAct } from '../../vllm/stream-client.ts';
import { until } from '../../worker/worker-harness.ts';
import type { Death } from '../engines/engine-under-test.ts';
import type { Obligation } from '../obligation.ts';
import { serveBehindWorker } from './serve-behind-worker.ts';
import { bodyOf, post } from './worker-client.ts';
import type { ServedEngine } from './worker-client.ts';

/** Engines that die at work. */
export const DEATHS: readonly Obligation<ServedEngine>[] = [
  {
    name: 'the engine’s death in mid-stream is an explicit error, and never a finish reason',
    check: async ({ kind }, tell) => {
      assert.ok(kind.deaths.length > 0);
      for (const death of kind.deaths) {
        const engine = await kind.start();
        const worker = await serveBehindWorker(engine);
        try {
          await assertTold({ engine, kind, workerUrl: worker.url }, death, tell);
        } finally {
          await worker.close();
          await engine.stop();
        }
      }
    },
  },
];

async function assertTold(
  served: ServedEngine,
  death: Death,
  tell: (figure: string) => void,
): Promise<void> {
  const { engine, workerUrl } = served;
  await death.arm?.(engine);
  const { status, frames, afterActMs } = await streamAndAct(
    `${workerUrl}/api/worker_generate_stream`,
    bodyOf({ max_new_tokens: engine.contextLength - 100 }),
    () => death.kill?.(engine) ?? Promise.resolve(),
  );

  assert.equal(status, 200, 'it died before the stream began');
  const last = frames.at(-1);
  assert.notEqual(last?.error_code, 0, `${death.name}: the last frame is no error`);
  assert.equal(frames.filter(({ error_code: code }) => code !== 0).length, 1);
  assert.ok(frames.length > 1, `${death.name}: there was no text before the error`);
  for (const { finish_reason: reason } of frames) assert.equal(reason ?? null, null);
  if (death.kill === undefined) return;
  tell(`${death.name}: the error came after ${Math.round(afterActMs)} ms`);
  await until('the worker says that the engine is gone', async () => {
    const reply = await post(served, '/worker_generate', bodyOf());
    assert.notEqual(reply.status, 200, 'a dead engine has answered');
    return reply.status === 503 && typeof reply.json['state'] === 'string';
  });
}
