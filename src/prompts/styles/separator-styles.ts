/**
 * How a conversation becomes text: one small pure function per separator style, in a table keyed by the style's name.
 *
 * The names are FastChat's (`SeparatorStyle` in fastchat/conversation.py); llm-ops calls ADD_COLON_TWO `VICUNA`. Only LLAMA2 is two
 * styles here: plain LLAMA2 is llm-ops's. The bytes follow the originals' `get_prompt`.
 *
 * `worker_conv_template` sends a style's number, and the two projects number them differently. A style that llm-ops has not keeps
 * FastChat's number there, unless that number is another style of llm-ops (1 to 7): then it is FastChat's plus 100, which nobody knows. A
 * reader that fails is better than one that writes wrong prompts.
 */
import { noColonSingle, noColonTwo, yuan2 } from './bare.ts';
import * as colon from './colon.ts';
import * as line from './line.ts';
import { llama2, llama2ByPosition, llama3 } from './llama.ts';
import * as marked from './marked.ts';
import type { SeparatorStyle, StyleInput } from './style.ts';

/** Every style that a template may name in `sep_style`. */
export const separatorStyles = {
  ADD_COLON_SINGLE: style(1, 1, colon.addColonSingle),
  ADD_COLON_TWO: style(2, 3, colon.addColonTwo, { needsSep2: true }),
  ADD_COLON_SPACE_SINGLE: style(3, 103, colon.addColonSpaceSingle),
  NO_COLON_SINGLE: style(4, 104, noColonSingle),
  NO_COLON_TWO: style(5, 105, noColonTwo, { needsSep2: true }),
  ADD_NEW_LINE_SINGLE: style(6, 106, line.addNewLineSingle),
  LLAMA2: style(7, 2, llama2, { needsSep2: true, tokens: ['[INST]'] }),
  LLAMA2_BY_POSITION: style(7, 2, llama2ByPosition, { needsSep2: true, tokens: ['[INST]'] }),
  LLAMA3: style(8, 8, llama3, {
    tokens: ['<|begin_of_text|>', '<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>'],
  }),
  CHATGLM: style(9, 9, marked.chatglm),
  CHATML: style(10, 10, line.chatml),
  CHATINTERN: style(11, 11, marked.chatIntern, { needsSep2: true, tokens: ['<s>'] }),
  DOLLY: style(12, 4, line.dolly, { needsSep2: true }),
  RWKV: style(13, 7, colon.rwkv),
  PHOENIX: style(14, 14, marked.phoenix, { tokens: ['<s>', '</s>'] }),
  ROBIN: style(15, 15, line.robin),
  FALCON_CHAT: style(16, 6, colon.falconChat),
  CHATGLM3: style(17, 17, marked.chatglm3),
  DEEPSEEK_CHAT: style(18, 18, colon.deepseekChat, { needsSep2: true }),
  METAMATH: style(19, 19, line.metamath, { needsSep2: true }),
  YUAN2: style(20, 20, yuan2, { needsSep2: true, tokens: ['<n>'] }),
  GEMMA: style(21, 21, marked.gemma, { tokens: ['<bos>', '<start_of_turn>'] }),
  CLLM: style(22, 22, colon.cllm, { needsSep2: true }),
  DEFAULT: style(23, 23, colon.plain),
} as const satisfies Readonly<Record<string, SeparatorStyle>>;

export type SeparatorStyleName = keyof typeof separatorStyles;

function style(
  fastchat: number,
  llmOps: number,
  render: (input: StyleInput) => string,
  { needsSep2 = false, tokens = [] }: Partial<Pick<SeparatorStyle, 'needsSep2' | 'tokens'>> = {},
): SeparatorStyle {
  return { integers: { 'llm-ops': llmOps, fastchat }, needsSep2, tokens, render };
}
