/** Engines as the balancer's tests need them: each with a cache of prompt blocks that forgets the oldest, and with requests that last a while. */
import type { Prompt } from '../../../src/engines/engine.ts';
import { prefixBlocks } from '../../../src/worker/balance/prefix-blocks.ts';

export class CachingEngine {
  inFlight = 0;
  served = 0;
  readonly #capacity: number;
  readonly #cache = new Set<number>();

  constructor(capacityBlocks: number) {
    this.#capacity = capacityBlocks;
  }

  /** Computes a prompt; returns how many of its blocks were in the cache. */
  prefill(prompt: Prompt): number {
    this.served += 1;
    const blocks = prefixBlocks(prompt);
    const firstMiss = blocks.findIndex((block) => !this.#cache.has(block));
    for (const block of blocks) {
      this.#cache.delete(block);
      this.#cache.add(block);
    }
    for (const block of this.#cache) {
      if (this.#cache.size <= this.#capacity) break;
      this.#cache.delete(block);
    }
    return firstMiss < 0 ? blocks.length : firstMiss;
  }
}

/** `next`: the one whose turn it is. */
export type Choose = (
  engines: readonly CachingEngine[],
  prompt: Prompt,
  next: CachingEngine,
) => CachingEngine;

export type Run = {
  /** Of all blocks of all prompts, the share that was in a cache. */
  readonly hitRate: number;
  /** The most that one engine had at once beyond its bound, which is 1.25 of the average and 4. */
  readonly beyondBound: number;
  readonly served: readonly number[];
  /** The greatest number that one engine had at once. */
  readonly peak: number;
};

/** Sends the prompts one after another, `atOnce` of them under way at any time; each ends when its turn is over. */
export function run(
  prompts: readonly Prompt[],
  options: {
    readonly engines: number;
    readonly capacityBlocks: number;
    readonly atOnce: number;
    readonly choose: Choose;
  },
): Run {
  const engines = Array.from(
    { length: options.engines },
    () => new CachingEngine(options.capacityBlocks),
  );
  const underWay: CachingEngine[] = [];
  let hits = 0;
  let blocks = 0;
  let beyondBound = -Infinity;
  let peak = 0;
  for (const [index, prompt] of prompts.entries()) {
    const engine = options.choose(engines, prompt, engines[index % engines.length]!);
    engine.inFlight += 1;
    underWay.push(engine);
    const bound = (1.25 * underWay.length) / engines.length + 4;
    beyondBound = Math.max(beyondBound, engine.inFlight - bound);
    peak = Math.max(peak, engine.inFlight);
    hits += engine.prefill(prompt);
    blocks += prefixBlocks(prompt).length;
    if (underWay.length >= options.atOnce) underWay.shift()!.inFlight -= 1;
  }
  return { hitRate: hits / blocks, beyondBound, peak, served: engines.map(({ served }) => served) };
}
