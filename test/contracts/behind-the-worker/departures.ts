import assert from 'node:assert/strict';
import http from 'node:http';
import { until } from '../../worker/worker-harness.ts';
import type { Obligation } from '../obligation.ts';
import { bodyOf, PROMPT } from './worker-client.ts';
import type { ServedEngine } from './worker-client.ts';

/** Clients that leave. */
export const DEPARTURES: readonly Obligation<ServedEngine>[] = [
  {
    name: 'the engine stops when the client leaves a stream',
    check: (served, tell) => leave(served, '/worker_generate_stream', tell),
  },
  {
    name: 'the engine stops when the client leaves before the whole answer',
    check: (served, tell) => leave(served, '/worker_generate', tell),
  },
];

/**
 * Asks for the longest answer, leaves while the engine works on it, and waits until the engine's own metrics say that it stopped. It has
 * to have stopped because of that: the answer must not have become as long as asked.
 */
async function leave(
  { engine, workerUrl }: ServedEngine,
  path: string,
  tell: (figure: string) => void,
): Promise<void> {
  const asked = engine.contextLength - 100;
  const before = await engine.load();
  assert.equal(before.running, 0);
  const client = http.request(`${workerUrl}/api${path}`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  });
  client.on('error', () => undefined);
  const hasText = new Promise<true>((resolve) => {
    client.on('response', (response) => {
      response.on('error', () => undefined);
      response.once('data', () => resolve(true));
    });
  });
  client.end(JSON.stringify(bodyOf({ prompt: PROMPT, max_new_tokens: asked })));
  if (path.endsWith('_stream')) await hasText;
  else await until('the engine is at work', async () => (await engine.load()).running === 1);

  client.destroy();
  const leftAtMs = performance.now();
  await until('the engine has stopped', async () => (await engine.load()).running === 0);

  tell(`stopped ${Math.round(performance.now() - leftAtMs)} ms after the client left`);
  const generated = (await engine.load()).generatedTokens - before.generatedTokens;
  assert.ok(generated < asked, `it went on to all of its ${asked} tokens`);
}
