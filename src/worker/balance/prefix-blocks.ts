/** A prompt's beginning as numbers: equal numbers at a place mean equal text up to there. */
import type { Prompt } from '../../engines/engine.ts';

/** A prompt, or the numbers of its beginning, where that is all that is known of it. */
export type Beginning = Prompt | readonly number[];

/** Some 64 tokens: engines keep prefixes in blocks of 16 to 64. A shorter prompt is not worth a choice. */
const BLOCK_CHARACTERS = 256;

/** What two prompts have in common beyond that changes nothing about where they go. */
const MOST_BLOCKS = 64;

// FNV-1a, 32 bits, on UTF-16 code units. That two texts share a number by chance, or on purpose, costs one engine a prefill.
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** One number for each whole block; each depends on all text before it. */
export function prefixBlocks(prompt: Beginning): readonly number[] {
  if (!('kind' in prompt)) return prompt;
  const text = prompt.kind === 'text' ? prompt.text : beginningOf(prompt.messages);
  const count = Math.min(MOST_BLOCKS, Math.floor(text.length / BLOCK_CHARACTERS));
  const blocks: number[] = [];
  let hash = FNV_OFFSET;
  for (let block = 0; block < count; block += 1) {
    const end = (block + 1) * BLOCK_CHARACTERS;
    for (let i = block * BLOCK_CHARACTERS; i < end; i += 1)
      hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
    blocks.push(hash);
  }
  return blocks;
}

/** How the engine will render them is not known here, but equal messages become equal text. */
function beginningOf(messages: Extract<Prompt, { kind: 'chat' }>['messages']): string {
  let text = '';
  for (const { role, content } of messages) {
    text += `${role}\n${content}\n`;
    if (text.length >= MOST_BLOCKS * BLOCK_CHARACTERS) break;
  }
  return text;
}
