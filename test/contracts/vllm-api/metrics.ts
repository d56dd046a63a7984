import assert from 'node:assert/strict';
import { until } from '../../worker/worker-harness.ts';
import { metric } from '../engines/metric.ts';
import type { Obligation } from '../obligation.ts';
import { whole } from './api-client.ts';
import type { ApiEngine } from './replies.ts';

/** vLLM's names, and what moves them. */
export const METRICS: readonly Obligation<ApiEngine>[] = [
  {
    name: 'the metrics count tokens and requests under vLLM’s names',
    check: async ({ url, ...rest }) => {
      const read = async (): Promise<readonly number[]> => {
        const text = await (await fetch(`${url}/metrics`)).text();
        return [
          'vllm:prompt_tokens_total',
          'vllm:generation_tokens_total',
          'vllm:request_success_total',
        ].map((name) => metric(text, name));
      };
      const before = await read();
      const { usage } = await whole({ url, ...rest });
      const wanted = [usage.prompt_tokens, usage.completion_tokens, 1];

      await until('the counters have moved by exactly one request', async () => {
        const now = await read();
        return now.every((value, at) => value - (before[at] ?? 0) === wanted[at]);
      });
    },
  },
  {
    name: 'the metrics have gauges of what runs and waits',
    check: async ({ url }) => {
      const text = await (await fetch(`${url}/metrics`)).text();

      assert.equal(metric(text, 'vllm:num_requests_running'), 0);
      assert.equal(metric(text, 'vllm:num_requests_waiting'), 0);
      assert.match(text, /^vllm:num_requests_running\{engine="0",model_name="[^"]+"\} /m);
    },
  },
];
