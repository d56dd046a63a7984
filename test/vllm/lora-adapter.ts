/** Writes a LoRA adapter for the tiny model (two layers, 64 wide): files as the PEFT library lays them out. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const LAYERS = 2;
const WIDTH = 64;
const RANK = 4;
const MODULES = ['q_proj', 'v_proj'] as const;

export async function writeLoraAdapter(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const config = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: 'tiny',
    r: RANK,
    lora_alpha: 2 * RANK,
    bias: 'none',
    target_modules: MODULES,
  };
  await writeFile(join(directory, 'adapter_config.json'), JSON.stringify(config));
  await writeFile(join(directory, 'adapter_model.safetensors'), toSafetensors(weights()));
}

type Tensor = { readonly shape: readonly [number, number]; readonly values: Float32Array };

/** Waves instead of random numbers: the adapter must be large enough to change answers, and the same each time. */
function weights(): ReadonlyMap<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (let layer = 0; layer < LAYERS; layer += 1)
    for (const module of MODULES)
      for (const [half, shape] of [
        ['lora_A', [RANK, WIDTH]],
        ['lora_B', [WIDTH, RANK]],
      ] as const) {
        const values = Float32Array.from({ length: RANK * WIDTH }, (_, i) =>
          Math.sin(i * 12.9898 + layer),
        );
        tensors.set(
          `base_model.model.model.layers.${String(layer)}.self_attn.${module}.${half}.weight`,
          {
            shape: [...shape],
            values,
          },
        );
      }
  return tensors;
}

/** The format: length of the header as a little-endian u64, the header as JSON, then the tensors' bytes one after another. */
function toSafetensors(tensors: ReadonlyMap<string, Tensor>): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  const header = Object.fromEntries(
    [...tensors].map(([name, { shape, values }]) => {
      const bytes = Buffer.from(values.buffer);
      parts.push(bytes);
      const from = at;
      at += bytes.length;
      return [name, { dtype: 'F32', shape, data_offsets: [from, at] }];
    }),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...parts]);
}
