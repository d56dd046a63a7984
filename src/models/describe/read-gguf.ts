/** What the headers of a GGUF say. Keys: the GGUF specification, github.com/ggml-org/ggml/blob/master/docs/gguf.md. */
import { stat } from 'node:fs/promises';

import {
  GGMLFileQuantizationType,
  GGMLQuantizationType,
  gguf,
  type GGUFTensorInfo,
  type MetadataValue,
} from '@huggingface/gguf';

import { type AttentionLayer, kvCacheNeed } from './kv-cache.ts';
import type { ChatTemplate, KvCacheNeed, ModelFacts } from './model-facts.ts';
import { unreadable } from './unreadable.ts';

export type GgufFacts = Omit<ModelFacts, 'files' | 'bytes' | 'memory'> & {
  readonly kvCache: KvCacheNeed | null;
};

type Metadata = Readonly<Record<string, MetadataValue | undefined>>;

/**
 * `parts`: the file, or of a split model all of them, the first one first (only that one carries all keys). Throws `model_corrupt`, and
 * what the file system throws.
 */
export async function readGguf(parts: readonly string[]): Promise<GgufFacts> {
  const headers = await Promise.all(parts.map(readHeader));
  const metadata = headers[0]?.metadata ?? {};
  const architecture = textOf(metadata, 'general.architecture');
  const contextLength = numberOf(metadata, `${architecture ?? ''}.context_length`);
  const layers = attentionLayers(metadata, architecture ?? '');
  return {
    architecture,
    parameters: headers.reduce((sum, header) => sum + header.parameters, 0),
    contextLength,
    quantization: quantizationOf(
      metadata,
      headers.flatMap(({ tensors }) => tensors),
    ),
    chatTemplate: templateOf(metadata),
    kvCache: layers === null ? null : kvCacheNeed(layers, contextLength),
  };
}

type Header = {
  readonly metadata: Metadata;
  readonly tensors: readonly GGUFTensorInfo[];
  readonly parameters: number;
};

async function readHeader(file: string): Promise<Header> {
  const { size } = await stat(file);
  try {
    const parsed = await gguf(file, { allowLocalFile: true, computeParametersCount: true });
    const { metadata, tensorInfos: tensors, parameterCount: parameters } = parsed;
    // The parser takes what is missing at the end of a cut file for zeros.
    const offsets = tensors.map(({ offset }) => Number(parsed.tensorDataOffset + offset));
    if (Math.max(parsed.tensorInfoByteRange[1] - 1, ...offsets) >= size)
      throw new Error('the file ends too early');
    return { metadata: { ...metadata }, tensors, parameters };
  } catch (error) {
    throw await unreadable(file, 'a GGUF', error);
  }
}

/** What the file calls itself; else the type of most of its weights. */
function quantizationOf(metadata: Metadata, tensors: readonly GGUFTensorInfo[]): string | null {
  const named = GGMLFileQuantizationType[numberOf(metadata, 'general.file_type') ?? -1];
  if (named !== undefined) return named;
  const weights = new Map<GGMLQuantizationType, number>();
  for (const { dtype, shape } of tensors) {
    const elements = shape.reduce((product, size) => product * Number(size), 1);
    weights.set(dtype, (weights.get(dtype) ?? 0) + elements);
  }
  const [most] = [...weights].sort(([, one], [, other]) => other - one);
  // A type that is newer than the parser has no name in it.
  const names: Readonly<Record<number, string>> = GGMLQuantizationType;
  return most === undefined ? null : (names[most[0]] ?? null);
}

function templateOf(metadata: Metadata): ChatTemplate | null {
  const text = textOf(metadata, 'tokenizer.chat_template');
  return text === null ? null : { text, from: 'GGUF metadata' };
}

/** null: the file does not say, or the layers keep something else than keys and values (latent attention, state spaces). */
function attentionLayers(
  metadata: Metadata,
  architecture: string,
): readonly AttentionLayer[] | null {
  const number = (key: string): number | null => numberOf(metadata, `${architecture}.${key}`);
  const layers = number('block_count');
  const heads = perLayer(metadata[`${architecture}.attention.head_count`], layers);
  if (heads === null || number('attention.kv_lora_rank') !== null) return null;
  if (number('ssm.state_size') !== null || number('wkv.head_size') !== null) return null;
  const kvHeads =
    perLayer(metadata[`${architecture}.attention.head_count_kv`], layers) ??
    // Left out, every head has a key and a value of its own.
    heads;
  const width = number('embedding_length');
  const headLength = width === null ? null : width / Math.max(...heads);
  const keyLength = number('attention.key_length') ?? headLength;
  const valueLength = number('attention.value_length') ?? headLength;
  if (keyLength === null || valueLength === null) return null;
  return kvHeads.map((count) => ({ kvHeads: count, keyLength, valueLength }));
}

/** One number stands for all layers; where they differ there is a list. */
function perLayer(
  value: MetadataValue | undefined,
  layers: number | null,
): readonly number[] | null {
  if (layers === null || layers < 1) return null;
  const same = toNumber(value);
  if (same !== null) return Array.from({ length: layers }, () => same);
  if (!Array.isArray(value) || value.length !== layers) return null;
  const numbers = value.map(toNumber).filter((one) => one !== null);
  return numbers.length === layers ? numbers : null;
}

function numberOf(metadata: Metadata, key: string): number | null {
  return toNumber(metadata[key]);
}

function toNumber(value: MetadataValue | undefined): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
}

function textOf(metadata: Metadata, key: string): string | null {
  const value = metadata[key];
  return typeof value === 'string' ? value : null;
}
