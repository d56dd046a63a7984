import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchTemplate } from '../../../src/prompts/matching/match-template.ts';
import { BASE_MODEL } from '../../../src/prompts/matching/rule.ts';
import { fastchatRules } from '../../../src/prompts/matching/rules-fastchat.ts';
import { llmOpsRules } from '../../../src/prompts/matching/rules-llm-ops.ts';
import { readGolden } from '../shipped.ts';

type Sample = { model_path: string; template: string; adapter: string; llmops_template: string };
type TheirRule = { adapter: string; templates: { template: string }[] };

const samples = JSON.parse(readGolden('model-to-template.json')) as readonly Sample[];
const theirRules = JSON.parse(readGolden('adapter-rules.json')) as {
  fastchat: TheirRule[];
  llmops: TheirRule[];
};
const inFastchat = (path: string, files: Readonly<Record<string, string>> = {}) =>
  matchTemplate(path, { dialect: 'fastchat', files: (file) => files[file] ?? null });
const config = (base: unknown) => JSON.stringify({ base_model_name_or_path: base });

describe('the template of a model', () => {
  it('is the one that the originals gave to each path of the sample', () => {
    assert.equal(samples.length, 105);
    for (const { model_path, template, adapter, llmops_template } of samples) {
      const match = inFastchat(model_path);
      assert.deepEqual([match.template, match.rule], [template, adapter], model_path);
      const ours = matchTemplate(model_path, { dialect: 'llm-ops' });
      assert.equal(ours.template, llmops_template, model_path);
    }
  });

  it('comes from the originals’ rules, in their order and with all of their templates', () => {
    for (const [theirs, { rules, fallback }] of [
      [theirRules.fastchat, fastchatRules],
      [theirRules.llmops, llmOpsRules],
    ] as const) {
      const named = rules.map(({ rule, use }) => {
        if (use === BASE_MODEL) return [rule, '<base>'];
        const choices = typeof use === 'string' ? [use] : use;
        return [rule, ...choices.map((one) => (typeof one === 'string' ? one : one.then))];
      });
      const expected = theirs.map(({ adapter, templates }) => [
        adapter,
        ...templates.map(({ template }) => (template.startsWith('<') ? '<base>' : template)),
      ]);
      assert.deepEqual([...named, [fallback.rule, fallback.template]], expected);
    }
  });

  it('is found by the last part of the path before all of it', () => {
    assert.equal(inFastchat('vicuna/zephyr-7b').template, 'zephyr');
    assert.equal(inFastchat('vicuna/some-model').template, 'vicuna_v1.1');
    assert.equal(inFastchat('vicuna/x/../zephyr-7b//').template, 'zephyr');
    assert.equal(inFastchat('vicuna/zephyr-7b/.').template, 'zephyr');
    assert.equal(inFastchat('vicuna/zephyr-7b/x/..').template, 'zephyr');
    assert.equal(inFastchat('openai/gpt-4').template, 'chatgpt');
    assert.equal(inFastchat('openai/gpt-4x').template, 'one_shot');
  });

  it('is chosen within a rule by the path as it was given', () => {
    assert.equal(inFastchat('llama-3.1-8b-instruct').template, 'meta-llama-3.1-sp');
    assert.equal(inFastchat('meta/llama-3.1-8b-instruct').template, 'meta-llama-3.1');
    assert.equal(inFastchat('34b/llava-v1.5').template, 'llava-chatml');
    assert.equal(inFastchat('vicuna-v0/').template, 'one_shot');
    assert.equal(inFastchat('vicuna-v0//').template, 'vicuna_v1.1');
    assert.equal(inFastchat('v0/vicuna-7b').template, 'vicuna_v1.1');
  });

  it('says whether only the fallback was left', () => {
    assert.deepEqual(inFastchat('HuggingFaceTB/SmolLM2-135M-Instruct'), {
      template: 'one_shot',
      rule: 'BaseModelAdapter',
      isFallback: true,
    });
    // The same template, but a rule gives it.
    assert.deepEqual(inFastchat('EleutherAI/pythia-70m'), {
      template: 'one_shot',
      rule: 'PythiaAdapter',
      isFallback: false,
    });
    assert.equal(matchTemplate('', { dialect: 'llm-ops' }).isFallback, true);
  });
});

describe('the template of an adapter', () => {
  const base = config('meta-llama/Llama-2-7b-chat-hf');

  it('is that of its base model, by its name or by its files', () => {
    const expected = { template: 'llama-2', rule: 'PeftModelAdapter', isFallback: false };
    assert.deepEqual(
      inFastchat('me/peft-zephyr', { 'me/peft-zephyr/adapter_config.json': base }),
      expected,
    );
    assert.deepEqual(inFastchat('/models/a/', { '/models/a/adapter_config.json': base }), expected);
  });

  it('is the fallback when its base model has no other', () => {
    const files = { 'a/adapter_config.json': config('gpt2') };
    assert.deepEqual(inFastchat('a', files), {
      template: 'one_shot',
      rule: 'PeftModelAdapter',
      isFallback: true,
    });
  });

  it('is told by the other rules when its base model cannot be known', () => {
    const broken = ['{', 'null', '[]', '{}', config(3), config('my-peft-model')];
    for (const text of broken) {
      const match = inFastchat('zephyr-peft', { 'zephyr-peft/adapter_config.json': text });
      assert.equal(match.rule, 'ZephyrAdapter', text);
    }
    assert.equal(inFastchat('zephyr-peft').rule, 'ZephyrAdapter');
  });

  it('is found through adapters of adapters, and ends where they name each other', () => {
    const files = {
      'a/adapter_config.json': config('b'),
      'b/adapter_config.json': config('a'),
      'c/adapter_config.json': config('d'),
      'd/adapter_config.json': config('gemma-2b'),
    };
    assert.equal(inFastchat('c', files).template, 'gemma');
    assert.equal(inFastchat('a', files).isFallback, true);
  });

  it('is none of llm-ops’s matters', () => {
    const match = matchTemplate('a', { dialect: 'llm-ops', files: () => base });
    assert.equal(match.rule, 'BaseModel');
  });
});
