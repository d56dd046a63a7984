/** What a Hugging Face `config.json` says of a model. The names are those of the transformers library, which differ by architecture. */
import { type AttentionLayer, kvCacheNeed } from './kv-cache.ts';
import type { KvCacheNeed } from './model-facts.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export type ConfigFacts = {
  readonly architecture: string | null;
  readonly contextLength: number | null;
  /** `awq (4 bits)`; null: the weights are as they were trained. */
  readonly quantization: string | null;
  readonly kvCache: KvCacheNeed | null;
};

const CONTEXT = [
  'max_position_embeddings',
  'n_positions',
  'max_sequence_length',
  'max_seq_len',
  'seq_length',
];
const LAYERS = ['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers'];
const HEADS = ['num_attention_heads', 'n_head', 'n_heads'];
const KV_HEADS = ['num_key_value_heads', 'num_kv_heads', 'n_head_kv', 'multi_query_group_num'];
const WIDTH = ['hidden_size', 'n_embd', 'd_model'];
const HEAD_LENGTH = ['head_dim', 'kv_channels'];

/** What only models have whose layers keep something else than a key and a value for each token. */
const OTHER_MEMORY = /^(kv_lora_rank$|state_size$|ssm_|mamba_|linear_|conv_kernel$)/;

export function readConfig(config: JsonObject): ConfigFacts {
  // Models that see or hear describe the part that speaks apart.
  const text = objectOf(config['text_config']) ?? config;
  const [architecture] = Array.isArray(config['architectures'])
    ? (config['architectures'] as unknown[])
    : [];
  const contextLength = firstNumber(text, CONTEXT);
  const layers = attentionLayers(text);
  return {
    architecture:
      typeof architecture === 'string' ? architecture : textOrNull(config['model_type']),
    contextLength,
    quantization: quantizationOf(config),
    kvCache: layers === null ? null : kvCacheNeed(layers, contextLength),
  };
}

function attentionLayers(text: JsonObject): readonly AttentionLayer[] | null {
  const layers = firstNumber(text, LAYERS);
  const heads = firstNumber(text, HEADS);
  const width = firstNumber(text, WIDTH);
  if (layers === null || heads === null) return null;
  if (Object.entries(text).some(([name, value]) => OTHER_MEMORY.test(name) && value !== null))
    return null;
  const headLength = firstNumber(text, HEAD_LENGTH) ?? (width === null ? null : width / heads);
  if (headLength === null) return null;
  // Falcon's first models share one key and value among all heads, whatever they count.
  const shares = text['multi_query'] === true && text['new_decoder_architecture'] !== true;
  const kvHeads = shares ? 1 : (firstNumber(text, KV_HEADS) ?? heads);
  const layer = { kvHeads, keyLength: headLength, valueLength: headLength };
  return Array.from({ length: layers }, () => layer);
}

function quantizationOf(config: JsonObject): string | null {
  const said = objectOf(config['quantization_config']);
  if (said === null) return null;
  const method = textOrNull(said['quant_method']) ?? 'quantized';
  const bits = firstNumber(said, ['bits', 'w_bit']) ?? bitsAndBytes(said);
  return bits === null ? method : `${method} (${bits} bits)`;
}

function bitsAndBytes(said: JsonObject): number | null {
  if (said['load_in_4bit'] === true) return 4;
  return said['load_in_8bit'] === true ? 8 : null;
}

function firstNumber(config: JsonObject, names: readonly string[]): number | null {
  for (const name of names) {
    const value = config[name];
    if (typeof value === 'number' && value > 0) return value;
  }
  return null;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function objectOf(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}
