import { setTimeout as sleep } from 'node:timers/promises';

import type { TimedSource } from '../text-source.ts';
import { createAnswerTokens } from './answer-tokens.ts';
import { createPrefixCache } from './prefix-cache.ts';
import { SIMULATOR_VOCABULARY } from './vocabulary.ts';

export type SimulatorOptions = {
  readonly model: string;
  /** Tokens. */
  readonly contextLength: number;
  /** Time to the first token, apart from the prompt's. */
  readonly ttftMs: number;
  /** Time for each token of the prompt that is not in the prefix cache. */
  readonly prefillMsPerToken: number;
  readonly itlMs: number;
  readonly loadMs: number;
  /** Exact length of every answer, the end token included; undefined: 40 to 160, by the prompt. */
  readonly answerTokens?: number | undefined;
  readonly prefixCache: boolean;
  /** Tokens that the prefix cache holds. */
  readonly kvCacheTokens: number;
};

/**
 * A source of text without a model: readable sentences, chosen by the hash of model and prompt, at the pace of a real engine. The same
 * request gets the same text, always; only a seed together with a temperature above 0 selects another one.
 */
export function createSimulator(options: SimulatorOptions): TimedSource {
  const { model, contextLength, answerTokens, ttftMs, itlMs, prefillMsPerToken } = options;
  const cache = options.prefixCache ? createPrefixCache(options.kvCacheTokens) : null;
  return {
    ...SIMULATOR_VOCABULARY,
    model,
    contextLength,
    close: () => Promise.resolve(),
    async load(signal) {
      if (options.loadMs > 0) await sleep(options.loadMs, undefined, { signal });
    },
    begin(prompt, sampling) {
      const cached = cache?.open(prompt) ?? null;
      const computed = prompt.length - (cached?.cachedTokens ?? 0);
      const firstMs = ttftMs + computed * prefillMsPerToken;
      const nextToken = createAnswerTokens({ model, prompt, sampling, answerTokens });
      return {
        cachedTokens: cached?.cachedTokens ?? null,
        dueMs: (index) => firstMs + index * itlMs,
        next() {
          const token = nextToken();
          cached?.push(token);
          return token;
        },
        end: () => cached?.end(),
      };
    },
  };
}
