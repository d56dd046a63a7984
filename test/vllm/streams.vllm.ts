/** Many streams through us over the real vLLM: their text is what it says itself, and none of its work outlives a client. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { RunningEngine } from '../contracts/engines/engine-under-test.ts';
import { metric } from '../contracts/engines/metric.ts';
import { startVllm } from '../contracts/engines/vllm.ts';
import { ask, oneService, startWorker, toFrames, until } from '../worker/worker-harness.ts';
import { provided } from './real-vllm.ts';

const STREAMS = 64;
const TOKENS = 200;

let engine: RunningEngine;
before(async () => {
  engine = await startVllm(provided('VLLM_MODEL'));
});
after(() => engine.stop());

const prompts = Array.from({ length: STREAMS }, (_, at) => `Question ${at}: what is ${at * 7}?`);

async function runningAtEngine(): Promise<number> {
  return metric((await ask(`${engine.url}/metrics`)).text, 'vllm:num_requests_running');
}

describe('64 streams over the real vLLM', () => {
  it('have the texts that vLLM gives directly', async (t) => {
    const worker = await startWorker(t, oneService('tiny', engine.url, { template: null }));
    const direct = await Promise.all(
      prompts.map(async (prompt) => {
        const reply = await ask(`${engine.url}/v1/completions`, {
          body: { model: engine.model, prompt, max_tokens: TOKENS, temperature: 0 },
        });
        return (reply.json['choices'] as { text: string }[])[0]?.text;
      }),
    );
    const startedAt = performance.now();
    const streamed = await Promise.all(
      prompts.map(async (prompt, at) => {
        const reply = await ask(`${worker.url}/api/worker_generate_stream`, {
          body: {
            prompt,
            echo: false,
            max_new_tokens: TOKENS,
            temperature: 0,
            ...(at % 2 === 1 && { stream_mode: 'delta' }),
          },
        });
        const frames = toFrames(reply);
        assert.equal(frames.at(-1)?.error_code, 0, reply.text.slice(-300));
        const text =
          at % 2 === 1 ? frames.map((frame) => frame.text).join('') : frames.at(-1)?.text;
        return { text, tokens: frames.at(-1)?.usage['completion_tokens'] ?? 0 };
      }),
    );

    assert.deepEqual(
      streamed.map(({ text }) => text),
      direct,
    );
    const tokens = streamed.reduce((sum, each) => sum + each.tokens, 0);
    const seconds = (performance.now() - startedAt) / 1000;
    t.diagnostic(`${tokens} tokens in ${seconds.toFixed(1)} s`);
    assert.ok(tokens > (STREAMS * TOKENS) / 2, 'the answers are too short to show anything');
  });

  it('whose clients leave at once leave vLLM with nothing to do', async (t) => {
    const worker = await startWorker(t, oneService('tiny', engine.url, { template: null }));
    const leaving: (() => void)[] = [];
    const streams = prompts.map((prompt) =>
      ask(`${worker.url}/api/worker_generate_stream`, {
        body: { prompt, echo: false, max_new_tokens: 3_000, temperature: 1 },
        onData: (_, leave) => void leaving.push(leave),
      }),
    );
    await until('all stream', () => new Set(leaving).size >= STREAMS);
    assert.ok((await runningAtEngine()) > 0, 'nothing runs that could be left');

    for (const leave of leaving) leave();
    const leftAt = performance.now();
    await until('nothing runs', async () => (await runningAtEngine()) === 0);
    const afterMs = performance.now() - leftAt;
    await Promise.all(streams);

    t.diagnostic(`vllm:num_requests_running is 0 ${afterMs.toFixed(0)} ms after 64 clients left`);
    assert.ok(afterMs < 1_000, `${afterMs.toFixed(0)} ms`);
  });
});
