import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { wholeAnswer } from '../../../src/engine-server/simulator/whole-answer.ts';
import { post, startEngine } from '../engine-client.ts';

type Reply = {
  choices: [{ text?: string; message?: { content: string }; finish_reason: string }];
  usage: { prompt_tokens: number; completion_tokens: number };
};

function toAnswer(body: unknown) {
  const { choices, usage } = body as Reply;
  return {
    text: choices[0].text ?? choices[0].message?.content,
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
    finishReason: choices[0].finish_reason,
  };
}

describe('the whole answer without HTTP', () => {
  it('is what the server answers to a completion', async (t) => {
    const { url } = await startEngine(t, { model: 'tiny' });
    const complete = async (fields: object) =>
      toAnswer((await post(`${url}/v1/completions`, fields)).body);
    const model = 'tiny';
    const prompt = 'Tell me of 世界 🙂';
    assert.deepEqual(wholeAnswer({ model, prompt }), await complete({ prompt, max_tokens: 4000 }));
    assert.deepEqual(
      wholeAnswer({ model, prompt, params: { maxTokens: 7 } }),
      await complete({ prompt, max_tokens: 7 }),
    );
    assert.deepEqual(
      wholeAnswer({ model, prompt, params: { temperature: 1, seed: 5, minTokens: 170 } }),
      await complete({ prompt, max_tokens: 400, temperature: 1, seed: 5, min_tokens: 170 }),
    );
    assert.deepEqual(
      wholeAnswer({ model, prompt, params: { stop: ['answer'], includeStop: true } }),
      await complete({ prompt, stop: 'answer', include_stop_str_in_output: true }),
    );
    assert.deepEqual(
      wholeAnswer({ model, prompt: [1, 2, 3], params: { ignoreEos: true, maxTokens: 300 } }),
      await complete({ prompt: [1, 2, 3], ignore_eos: true, max_tokens: 300 }),
    );
    assert.equal(wholeAnswer({ model, prompt, params: { maxTokens: 0 } }).text, '');
  });

  it('is what the server answers to a conversation', async (t) => {
    const { url } = await startEngine(t, { answerTokens: 60 });
    const messages = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'Hi' },
    ];
    const { body } = await post(`${url}/v1/chat/completions`, { messages });
    assert.deepEqual(
      wholeAnswer({ model: 'sim', prompt: messages, answerTokens: 60 }),
      toAnswer(body),
    );
  });
});
