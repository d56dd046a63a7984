/** What an engine with vLLM's API says of itself: its load, its tokenizer, its chat template. */
import { ask } from '../../worker/worker-harness.ts';
import type { EngineLoad, RunningEngine } from './engine-under-test.ts';
import { metric } from './metric.ts';

type Questions = Pick<RunningEngine, 'load' | 'tokenIds' | 'textOf' | 'chatTokens'>;

export function vllmQuestions(url: string, model: string): Questions {
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const reply = await ask(url + path, { body: { model, ...body } });
    if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${reply.text}`);
    return reply.json;
  };
  return {
    load: async (): Promise<EngineLoad> => {
      const { text } = await ask(`${url}/metrics`);
      return {
        running: metric(text, 'vllm:num_requests_running'),
        generatedTokens: metric(text, 'vllm:generation_tokens_total'),
      };
    },
    tokenIds: async (prompt) => {
      const reply = await post('/tokenize', { prompt, add_special_tokens: false });
      return reply['tokens'] as readonly number[];
    },
    textOf: async (tokens) => String((await post('/detokenize', { tokens }))['prompt']),
    chatTokens: async (messages) => Number((await post('/tokenize', { messages }))['count']),
  };
}
