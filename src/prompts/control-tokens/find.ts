// Longest forms first. A name in square brackets must be in capitals, or stand between bars, to be no ordinary bracket.
const LOOKS_LIKE_A_TOKEN = /<<\/?[A-Z]+>>|<[^\s<>]+>|\[\/?[A-Z_]+\]|\[\|[^\s|[\]]+\|\]/gu;

/** Tokens that tokenizers have in pairs, where a template often writes one only. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['<s>', '</s>'],
  ['<bos>', '<eos>'],
  ['<start_of_turn>', '<end_of_turn>'],
  ['<<SYS>>', '<</SYS>>'],
  ['[INST]', '[/INST]'],
];

/**
 * Whatever looks like a control token in texts that a template writes, with the other one of its pair: `</s>`, `[INST]`, `<<SYS>>`,
 * `<reserved_102>`, `[|Human|]`. Words such as `USER:` or `### Human` do not: a tokenizer sees ordinary text in them.
 */
export function findControlTokens(texts: readonly string[]): readonly string[] {
  const found = new Set(texts.flatMap((text) => text.match(LOOKS_LIKE_A_TOKEN) ?? []));
  for (const pair of PAIRS) {
    if (pair.some((token) => found.has(token))) pair.forEach((token) => found.add(token));
  }
  return [...found];
}
