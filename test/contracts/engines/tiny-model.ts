/**
 * The tiny model of the end-to-end tests, with what the contract needs on top: a chat template, and a sign that lies across four tokens.
 */
import { buildGgufHeader, gguf, GGUFValueType } from '@huggingface/gguf';
import { readFile, writeFile } from 'node:fs/promises';
import { writeTinyGguf } from '../../e2e/tiny-gguf.ts';

/** Words that stand for the four bytes of 🦙, which the model then says one byte a token. */
const STAND_INS = { zqa: 0xf0, zqb: 0x9f, zqc: 0xa6, zqd: 0x99 } as const;

/** Greedy, it says these in turn and never ends. */
const SENTENCES = [
  `every small llama zqa zqb zqc zqd walks alone over cold hills.`,
  'then it meets a friend who tells stories about wind and rain.',
];

const CHAT_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

/** In tokens. Long enough that an answer can be left in its middle: it says more than ten thousand tokens a second. */
export const TINY_CONTEXT_LENGTH = 8_192;

/**
 * Writes the model to a file whose name ends in `.gguf`. With `spacePrefix` its tokenizer puts a space before each text, as Llama 2's
 * does, so that a text does not survive the way to tokens and back where a special token precedes it.
 */
export async function writeTinyModel(
  file: string,
  { spacePrefix }: { readonly spacePrefix: boolean },
): Promise<void> {
  await writeTinyGguf(file, SENTENCES);
  const parsed = await gguf(file, { allowLocalFile: true, typedMetadata: true });
  const original = await readFile(file);
  const header = await buildGgufHeader(
    new Blob([original]),
    {
      ...parsed.typedMetadata,
      'llama.context_length': { type: GGUFValueType.UINT32, value: TINY_CONTEXT_LENGTH },
      'tokenizer.ggml.add_space_prefix': { type: GGUFValueType.BOOL, value: spacePrefix },
      'tokenizer.chat_template': { type: GGUFValueType.STRING, value: CHAT_TEMPLATE },
    } as Parameters<typeof buildGgufHeader>[1],
    { littleEndian: parsed.littleEndian, tensorInfoByteRange: parsed.tensorInfoByteRange },
  );
  const data = Buffer.from(original.subarray(Number(parsed.tensorDataOffset)));
  const tokens = parsed.typedMetadata['tokenizer.ggml.tokens']?.value as readonly string[];
  for (const [word, byte] of Object.entries(STAND_INS)) {
    const name = `<0x${byte.toString(16).toUpperCase()}>`;
    const pair = [tokens.indexOf(`▁${word}`), tokens.indexOf(name)] as const;
    for (const tensor of parsed.tensorInfos) {
      if (!['token_embd.weight', 'output.weight'].includes(tensor.name)) continue;
      swapRows(data, { offset: Number(tensor.offset), width: Number(tensor.shape[0]) }, pair);
    }
  }
  await writeFile(file, Buffer.concat([Buffer.from(await header.arrayBuffer()), data]));
}

const FLOAT_BYTES = 4;

/** After that each of the two tokens is followed by what followed the other, and follows what the other followed. */
function swapRows(
  data: Buffer,
  { offset, width }: { readonly offset: number; readonly width: number },
  [a, b]: readonly [number, number],
): void {
  if (a < 0 || b < 0) throw new Error('a token is missing in the tiny model');
  const rowBytes = width * FLOAT_BYTES;
  const rowOf = (id: number): Buffer =>
    data.subarray(offset + id * rowBytes, offset + (id + 1) * rowBytes);
  const kept = Buffer.from(rowOf(a));
  rowOf(b).copy(rowOf(a));
  kept.copy(rowOf(b));
}
