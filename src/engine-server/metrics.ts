import type { Stats } from './core/stats.ts';

/** Prometheus text with vLLM's names. As in vLLM, an aborted request is counted nowhere: `finished_reason="abort"` stays 0. */
export function renderMetrics(stats: Stats, model: string): string {
  const labels = `engine="0",model_name="${escapeLabel(model)}"`;
  const metric = (kind: 'gauge' | 'counter', name: string, help: string, value: number) =>
    [head(kind, name, help), `vllm:${name}{${labels}} ${value}`].join('\n');
  const success = Object.entries({ ...stats.finished, abort: 0 }).map(
    ([reason, value]) =>
      `vllm:request_success_total{${labels},finished_reason="${reason}"} ${value}`,
  );
  return [
    metric('gauge', 'num_requests_running', 'Requests that are generating.', stats.running),
    metric('gauge', 'num_requests_waiting', 'Requests waiting to be processed.', stats.waiting),
    metric('counter', 'prompt_tokens_total', 'Prefill tokens processed.', stats.prompt_tokens),
    metric('counter', 'generation_tokens_total', 'Tokens generated.', stats.completion_tokens),
    metric(
      'counter',
      'prefix_cache_queries_total',
      'Tokens looked up in the prefix cache.',
      stats.prefix_cache_queries,
    ),
    metric(
      'counter',
      'prefix_cache_hits_total',
      'Tokens found in the prefix cache.',
      stats.prefix_cache_hits,
    ),
    head('counter', 'request_success_total', 'Requests that finished, by reason.'),
    ...success,
    '',
  ].join('\n');
}

function head(kind: string, name: string, help: string): string {
  return `# HELP vllm:${name} ${help}\n# TYPE vllm:${name} ${kind}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
