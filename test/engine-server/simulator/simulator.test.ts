import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  createSimulator,
  type SimulatorOptions,
} from '../../../src/engine-server/simulator/simulator.ts';
import { tokenize } from '../../../src/engine-server/simulator/tokenizer.ts';
import type { Sampling } from '../../../src/engine-server/text-source.ts';

const FAST = { model: 'sim', contextLength: 4096, ttftMs: 0, itlMs: 0, loadMs: 0 };

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

async function answer({ options, prompt = 'Hello', sampling }: Ask): Promise<number[]> {
  const source = createSimulator({ ...FAST, ...options });
  const { signal } = new AbortController();
  const tokens: number[] = [];
  for await (const token of source.generate(
    source.tokenize(prompt, true),
    { ...GREEDY, ...sampling },
    signal,
  )) {
    tokens.push(token);
    if (source.isEndToken(token)) return tokens;
  }
  throw new Error('the source ended');
}

const textOf = async (ask: Ask) =>
  createSimulator({ ...FAST, ...ask.options }).detokenize(await answer(ask), true);

describe('the simulator', () => {
  it('says what it is, and for which model', async () => {
    const text = await textOf({ options: { model: 'tiny' } });
    assert.match(text, /^This is a simulated answer of model tiny\. The prompt has 3 tokens\. /);
  });

  it('answers the same request with the same text, another prompt or model with another', async () => {
    const text = await textOf({ prompt: 'A' });
    assert.equal(await textOf({ prompt: 'A' }), text);
    assert.notEqual(await textOf({ prompt: 'B' }), text);
    const renamed = await textOf({ prompt: 'A', options: { model: 'mis' } });
    assert.notEqual(renamed.replace('mis', 'sim'), text);
  });

  it('heeds a seed only with a temperature', async () => {
    const text = await textOf({});
    assert.equal(await textOf({ sampling: { seed: 7 } }), text);
    assert.equal(await textOf({ sampling: { temperature: 1 } }), text);
    const seeded = await textOf({ sampling: { temperature: 1, seed: 7 } });
    assert.notEqual(seeded, text);
    assert.equal(await textOf({ sampling: { temperature: 0.5, seed: 7 } }), seeded);
  });

  it('has answers of 40 to 160 tokens, with characters of several bytes now and then', async () => {
    const prompts = Array.from({ length: 60 }, (_, i) => `prompt ${i}`);
    const answers = await Promise.all(prompts.map((prompt) => answer({ prompt })));
    assert.ok(answers.every(({ length }) => length >= 40 && length <= 160));
    assert.ok(new Set(answers.map(({ length }) => length)).size > 10);
    const all = createSimulator(FAST).detokenize(answers.flat(), true);
    for (const part of ['é', '世界', '🙂', '👩‍👩‍👧']) assert.ok(all.includes(part), part);
  });

  it('has answers of the exact length asked for, whose text counts as many tokens without the end', async () => {
    for (const answerTokens of [1, 2, 3, 16, 17, 18, 25, 40, 41, 333]) {
      const tokens = await answer({ options: { answerTokens } });
      assert.equal(tokens.length, answerTokens);
      const text = createSimulator(FAST).detokenize(tokens, true);
      if (!text.endsWith('\uFFFD')) assert.equal(tokenize(text).length, answerTokens - 1);
    }
  });

  it('does not end before min_tokens', async () => {
    for (const minTokens of [5, 39, 40, 170, 400]) {
      const tokens = await answer({ sampling: { minTokens } });
      assert.ok(tokens.length > minTokens);
      assert.equal(
        (await answer({ options: { answerTokens: 3 }, sampling: { minTokens } })).length,
        minTokens + 1,
      );
    }
  });

  it('goes on after its end for those who do not want it to end', async () => {
    const source = createSimulator(FAST);
    const tokens: number[] = [];
    for await (const token of source.generate([1], GREEDY, new AbortController().signal)) {
      tokens.push(token);
      if (tokens.length === 1000) break;
    }
    assert.ok(tokens.some((token) => source.isEndToken(token)));
  });

  it('rejects when its signal aborts, also while it waits for the next token', async () => {
    const source = createSimulator({ ...FAST, ttftMs: 60_000 });
    const controller = new AbortController();
    const first = source.generate([1], GREEDY, controller.signal)[Symbol.asyncIterator]().next();
    controller.abort();
    await assert.rejects(first, { name: 'AbortError' });
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
