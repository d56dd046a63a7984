import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  createSimulator,
  type SimulatorOptions,
} from '../../../src/engine-server/simulator/simulator.ts';
import { tokenize } from '../../../src/engine-server/simulator/tokenizer.ts';
import type { Sampling } from '../../../src/engine-server/text-source.ts';

const FAST: SimulatorOptions = {
  model: 'sim',
  contextLength: 4096,
  ttftMs: 0,
  prefillMsPerToken: 0,
  itlMs: 0,
  loadMs: 0,
  prefixCache: true,
  kvCacheTokens: 4096,
};

const GREEDY: Sampling = {
  temperature: 0,
  topP: 1,
  topK: 0,
  minP: 0,
  presencePenalty: 0,
  frequencyPenalty: 0,
  repetitionPenalty: 1,
  seed: null,
  minTokens: 0,
};

type Ask = {
  readonly options?: Partial<SimulatorOptions>;
  readonly prompt?: string;
  readonly sampling?: Partial<Sampling>;
};

function answer({ options, prompt = 'Hello', sampling }: Ask): number[] {
  const source = createSimulator({ ...FAST, ...options });
  const { next } = source.begin(source.tokenize(prompt, true), { ...GREEDY, ...sampling });
  const tokens: number[] = [];
  do tokens.push(next());
  while (!source.isEndToken(tokens.at(-1) ?? 0));
  return tokens;
}

const textOf = (ask: Ask) =>
  createSimulator({ ...FAST, ...ask.options }).detokenize(answer(ask), true);

describe('the simulator', () => {
  it('says what it is, and for which model', () => {
    const text = textOf({ options: { model: 'tiny' } });
    assert.match(text, /^This is a simulated answer of model tiny\. The prompt has 3 tokens\. /);
  });

  it('answers the same request with the same text, another prompt or model with another', () => {
    const text = textOf({ prompt: 'A' });
    assert.equal(textOf({ prompt: 'A' }), text);
    assert.notEqual(textOf({ prompt: 'B' }), text);
    const renamed = textOf({ prompt: 'A', options: { model: 'mis' } });
    assert.notEqual(renamed.replace('mis', 'sim'), text);
  });

  it('heeds a seed only with a temperature', () => {
    const text = textOf({});
    assert.equal(textOf({ sampling: { seed: 7 } }), text);
    assert.equal(textOf({ sampling: { temperature: 1 } }), text);
    const seeded = textOf({ sampling: { temperature: 1, seed: 7 } });
    assert.notEqual(seeded, text);
    assert.equal(textOf({ sampling: { temperature: 0.5, seed: 7 } }), seeded);
  });

  it('has answers of 40 to 160 tokens, with characters of several bytes now and then', () => {
    const prompts = Array.from({ length: 60 }, (_, i) => `prompt ${i}`);
    const answers = prompts.map((prompt) => answer({ prompt }));
    assert.ok(answers.every(({ length }) => length >= 40 && length <= 160));
    assert.ok(new Set(answers.map(({ length }) => length)).size > 10);
    const all = createSimulator(FAST).detokenize(answers.flat(), true);
    for (const part of ['é', '世界', '🙂', '👩‍👩‍👧']) assert.ok(all.includes(part), part);
  });

  it('has answers of the exact length asked for, whose text counts as many tokens without the end', () => {
    for (const answerTokens of [1, 2, 3, 16, 17, 18, 25, 40, 41, 333]) {
      const tokens = answer({ options: { answerTokens } });
      assert.equal(tokens.length, answerTokens);
      const text = createSimulator(FAST).detokenize(tokens, true);
      if (!text.endsWith('\uFFFD')) assert.equal(tokenize(text).length, answerTokens - 1);
    }
  });

  it('does not end before min_tokens', () => {
    for (const minTokens of [5, 39, 40, 170, 400]) {
      const tokens = answer({ sampling: { minTokens } });
      assert.ok(tokens.length > minTokens);
      assert.equal(
        answer({ options: { answerTokens: 3 }, sampling: { minTokens } }).length,
        minTokens + 1,
      );
    }
  });

  it('goes on after its end for those who do not want it to end', () => {
    const source = createSimulator(FAST);
    const { next } = source.begin([1], GREEDY);
    const tokens = Array.from({ length: 1000 }, () => next());
    assert.ok(tokens.some((token) => source.isEndToken(token)));
  });

  it('is due after the time to the first token, and then at its pace', () => {
    const source = createSimulator({ ...FAST, ttftMs: 50, itlMs: 20 });
    const { dueMs } = source.begin([1, 2, 3], GREEDY);
    assert.deepEqual([dueMs(0), dueMs(1), dueMs(10)], [50, 70, 250]);
  });

  it('takes its time for each token of the prompt that it does not remember', () => {
    const options = { ...FAST, ttftMs: 50, prefillMsPerToken: 0.5 };
    const prompt = Array.from({ length: 40 }, (_, i) => i);
    const ask = (source: ReturnType<typeof createSimulator>) => {
      const { cachedTokens, dueMs } = source.begin(prompt, GREEDY);
      return { cachedTokens, firstMs: dueMs(0) };
    };
    const source = createSimulator(options);
    assert.deepEqual(ask(source), { cachedTokens: 0, firstMs: 70 });
    assert.deepEqual(ask(source), { cachedTokens: 32, firstMs: 54 });
    const forgetful = createSimulator({ ...options, prefixCache: false });
    ask(forgetful);
    assert.deepEqual(ask(forgetful), { cachedTokens: null, firstMs: 70 });
  });

  it('writes a conversation down by its template', () => {
    const source = createSimulator(FAST);
    const render = (continueFinalMessage: boolean) =>
      source.detokenize(
        source.chatTokens(
          [
            { role: 'system', content: 'Be kind.' },
            { role: 'user', content: 'Hi' },
          ],
          {
            addGenerationPrompt: !continueFinalMessage,
            continueFinalMessage,
            addSpecialTokens: false,
          },
        ),
        false,
      );
    const system = '<s><|system|>\nBe kind.</s>\n';
    assert.equal(render(false), `${system}<|user|>\nHi</s>\n<|assistant|>\n`);
    assert.equal(render(true), `${system}<|user|>\nHi`);
  });
});
