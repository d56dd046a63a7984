import type { ChatTokensOptions, SourceMessage, Vocabulary } from '../text-source.ts';
import { BEGIN_TOKEN, detokenize, END_TOKEN, tokenize, VOCABULARY_SIZE } from './tokenizer.ts';

/** The simulator's tokenizer with its begin and end token, and its chat template. */
export const SIMULATOR_VOCABULARY: Vocabulary = {
  vocabularySize: VOCABULARY_SIZE,
  isEndToken: (token) => token === END_TOKEN,
  tokenize: (text, addSpecialTokens) => [
    ...(addSpecialTokens ? [BEGIN_TOKEN] : []),
    ...tokenize(text),
  ],
  detokenize,
  chatTokens: (messages, chat) => [
    ...(chat.addSpecialTokens ? [BEGIN_TOKEN] : []),
    ...tokenize(renderChat(messages, chat)),
  ],
};

/** The chat template: `<s><|role|>\ncontent</s>\n…<|assistant|>\n`. */
function renderChat(messages: readonly SourceMessage[], options: ChatTokensOptions): string {
  const turns = messages.map(({ role, content }, i) => {
    const isOpen = options.continueFinalMessage && i === messages.length - 1;
    return `<|${role}|>\n${content}${isOpen ? '' : '</s>\n'}`;
  });
  return `<s>${turns.join('')}${options.addGenerationPrompt ? '<|assistant|>\n' : ''}`;
}
