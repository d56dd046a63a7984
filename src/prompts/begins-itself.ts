/** First tokens as texts that templates begin with: of Llama 2 and Mistral, Gemma, Llama 3, DeepSeek, Phi and LFM. */
const FIRST_TOKENS = [
  '<s>',
  '<bos>',
  '<|begin_of_text|>',
  '<｜begin▁of▁sentence｜>',
  '<|startoftext|>',
];

/**
 * Whether a rendered prompt begins with its model's first token (BOS). Engines put one before every text, so such a prompt would have two,
 * and the model answers worse: it has to be sent as it is.
 */
export function beginsItself(prompt: string): boolean {
  return FIRST_TOKENS.some((token) => prompt.startsWith(token));
}
