import type { ApiCase } from '../api-case.ts';
import { post, tooLong } from '../api-case.ts';

const tokenize = (fields: Readonly<Record<string, unknown>>): ApiCase['request'] =>
  post('/tokenize', fields);
const detokenize = (fields: Readonly<Record<string, unknown>>): ApiCase['request'] =>
  post('/detokenize', fields);
const messages = [{ role: 'user', content: 'Hi' }];

/** Tokens from text and text from tokens. */
export const TOKEN_CASES: readonly ApiCase[] = [
  { name: 'tokenize a prompt', request: tokenize({ prompt: 'Hello there' }) },
  {
    name: 'tokenize a prompt, with the texts',
    request: tokenize({ prompt: 'Hello there', return_token_strs: true }),
  },
  { name: 'tokenize an empty prompt', request: tokenize({ prompt: '' }) },
  { name: 'tokenize messages', request: tokenize({ messages }) },
  { name: 'tokenize nothing', request: tokenize({}) },
  { name: 'tokenize without a model', request: tokenize({ model: undefined, prompt: 'a' }) },
  { name: 'tokenize for an unknown model', request: tokenize({ model: 'nope', prompt: 'a' }) },
  { name: 'tokenize a number', request: tokenize({ prompt: 5 }) },
  { name: 'tokenize messages: []', request: tokenize({ messages: [] }) },
  {
    name: 'tokenize more than the context holds',
    request: (known) => tokenize({ prompt: tooLong(known) })(known),
  },
  { name: 'detokenize', request: detokenize({ tokens: [40, 41] }) },
  { name: 'detokenize nothing', request: detokenize({ tokens: [] }) },
  { name: 'detokenize without tokens', request: detokenize({}) },
  { name: 'detokenize texts', request: detokenize({ tokens: ['a'] }) },
  { name: 'detokenize an id that is no token', request: detokenize({ tokens: [2 ** 40] }) },
  { name: 'detokenize a negative id', request: detokenize({ tokens: [-1] }) },
  { name: 'detokenize for an unknown model', request: detokenize({ model: 'nope', tokens: [1] }) },
];
