import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';

import { describeModel } from '../../../src/models/describe/describe-model.ts';
import { safetensors, scratch, writeDirectory } from './tiny-models.ts';

const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  max_position_embeddings: 8192,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  hidden_size: 576,
};

async function described(t: TestContext, files: Parameters<typeof writeDirectory>[1]) {
  return describeModel(await writeDirectory(await scratch(t), files), 'directory');
}

describe('describeModel, of a directory', () => {
  it('tells what config.json and the head of the weights say', async (t) => {
    const weights = safetensors(
      { a: { dtype: 'BF16', shape: [100, 4] }, norm: { dtype: 'F32', shape: [4] } },
      816,
    );

    const facts = await described(t, { 'config.json': CONFIG, 'model.safetensors': weights });

    assert.deepEqual(
      [facts.architecture, facts.contextLength, facts.parameters, facts.quantization],
      ['LlamaForCausalLM', 8192, 404, 'BF16'],
    );
    // SmolLM2-135M: 30 layers, 3 heads of 64, a key and a value of two bytes each.
    assert.deepEqual(facts.memory, {
      weightsBytes: weights.length,
      kvCache: { bytesPerToken: 23_040, contextTokens: 8192, bytes: 188_743_680 },
    });
    assert.deepEqual(facts.files.map(({ name }) => name).sort(), [
      'config.json',
      'model.safetensors',
    ]);
  });

  it('takes the shards that the index names, and the same weights not twice', async (t) => {
    const shard = safetensors({ a: { dtype: 'F16', shape: [10] } }, 20);

    const facts = await described(t, {
      'model.safetensors.index.json': {
        weight_map: { a: 'one.safetensors', b: 'two.safetensors' },
      },
      'one.safetensors': shard,
      'two.safetensors': shard,
      'consolidated.safetensors': shard,
      'original/one.safetensors': shard,
    });

    assert.deepEqual([facts.parameters, facts.memory.weightsBytes], [20, 2 * shard.length]);
  });

  it('weights of an older format have a size, but no parameters', async (t) => {
    const facts = await described(t, { 'pytorch_model.bin': Buffer.alloc(50) });

    assert.deepEqual([facts.parameters, facts.memory.weightsBytes], [null, 50]);
  });

  it('a quantized model names its method, and does not count packed weights', async (t) => {
    const packed = safetensors({ q: { dtype: 'I32', shape: [10, 10] } }, 400);
    const config = { ...CONFIG, quantization_config: { quant_method: 'awq', bits: 4 } };

    const facts = await described(t, { 'config.json': config, 'model.safetensors': packed });

    assert.deepEqual([facts.quantization, facts.parameters], ['awq (4 bits)', null]);
  });

  it('eight bits without packing are counted', async (t) => {
    const weights = safetensors({ a: { dtype: 'F8_E4M3', shape: [10, 10] } }, 100);
    const config = { ...CONFIG, quantization_config: { quant_method: 'fp8' } };

    const facts = await described(t, { 'config.json': config, 'model.safetensors': weights });

    assert.deepEqual([facts.quantization, facts.parameters], ['fp8', 100]);
  });

  it('reads the part that speaks of a model that also sees', async (t) => {
    const config = { architectures: ['Gemma3ForConditionalGeneration'], text_config: CONFIG };

    const facts = await described(t, { 'config.json': config });

    assert.deepEqual([facts.contextLength, facts.memory.kvCache?.bytesPerToken], [8192, 23_040]);
  });

  it('the first Falcons share one key among all heads', async (t) => {
    const config = { ...CONFIG, num_key_value_heads: 9, multi_query: true };

    const facts = await described(t, { 'config.json': config });

    assert.equal(facts.memory.kvCache?.bytesPerToken, 30 * 1 * 2 * 64 * 2);
  });

  it('claims nothing of a cache that it cannot know', async (t) => {
    for (const config of [{}, { ...CONFIG, kv_lora_rank: 512 }, { ...CONFIG, mamba_d_state: 16 }]) {
      const facts = await described(t, { 'config.json': config });
      assert.equal(facts.memory.kvCache, null, JSON.stringify(config));
    }
  });

  describe('the chat template', () => {
    it('is one text in the tokenizer’s configuration', async (t) => {
      const facts = await described(t, { 'tokenizer_config.json': { chat_template: 'a' } });

      assert.deepEqual(facts.chatTemplate, { text: 'a', from: 'tokenizer_config.json' });
    });

    it('is the default one of a list', async (t) => {
      const list = [
        { name: 'tool_use', template: 't' },
        { name: 'default', template: 'd' },
      ];

      const facts = await described(t, { 'tokenizer_config.json': { chat_template: list } });

      assert.equal(facts.chatTemplate?.text, 'd');
    });

    it('in a file of its own wins', async (t) => {
      const facts = await described(t, {
        'tokenizer_config.json': { chat_template: 'a' },
        'chat_template.jinja': 'b',
      });

      assert.deepEqual(facts.chatTemplate, { text: 'b', from: 'chat_template.jinja' });
    });

    it('may be missing', async (t) => {
      assert.equal((await described(t, { 'tokenizer_config.json': {} })).chatTemplate, null);
    });
  });

  it('a shard that the index names and that is not there is told by name', async (t) => {
    const files = {
      'model.safetensors.index.json': {
        weight_map: { a: 'one.safetensors', b: 'two.safetensors' },
      },
      'one.safetensors': safetensors({ a: { dtype: 'F16', shape: [10] } }, 20),
    };
    await assert.rejects(described(t, files), {
      code: 'model_corrupt',
      message: 'Parts of the model are missing: two.safetensors.',
    });
  });

  it('files that cannot be read are told by name', async (t) => {
    const whole = safetensors({ a: { dtype: 'F16', shape: [10] } });
    const broken = {
      'config.json': '{',
      'model.safetensors': whole.subarray(0, whole.length - 3),
      'one.safetensors': Buffer.alloc(4),
      'two.safetensors': Buffer.alloc(100, 0xff),
      'three.safetensors': Buffer.concat([
        Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]),
        Buffer.from('[]'),
      ]),
    };

    for (const [name, content] of Object.entries(broken))
      await assert.rejects(
        described(t, { [name]: content }),
        { code: 'model_corrupt', message: new RegExp(name.replace('.', String.raw`\.`)) },
        name,
      );
  });
});
