import type { ApiCase } from '../api-case.ts';
import { chat, tooLong } from '../api-case.ts';

const includeUsage = { stream: true, stream_options: { include_usage: true } };
const withContent = (content: unknown): ApiCase['request'] =>
  chat({ messages: [{ role: 'user', content }] });

/** Conversations, answered and refused. */
export const CHAT_CASES: readonly ApiCase[] = [
  { name: 'a chat', request: chat() },
  { name: 'all fields of a chat', request: chat(), withFillers: true },
  {
    name: 'all fields of a chat, streamed with usage',
    request: chat(includeUsage),
    withFillers: true,
  },
  { name: 'a chat, streamed', request: chat({ stream: true }) },
  { name: 'a chat, streamed with usage', request: chat(includeUsage) },
  {
    name: 'a chat, streamed with usage in every event',
    request: chat({
      stream: true,
      stream_options: { include_usage: true, continuous_usage_stats: true },
    }),
  },
  { name: 'a chat of one token', request: chat({ max_tokens: 1, ...includeUsage }) },
  {
    name: 'max_completion_tokens before max_tokens',
    request: chat({ max_tokens: 900, max_completion_tokens: 2 }),
  },
  {
    name: 'a chat of several turns',
    request: chat({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'Hello' },
        { role: 'user', content: 'Who?' },
      ],
    }),
  },
  { name: 'content in text parts', request: withContent([{ type: 'text', text: 'Hi' }]) },
  { name: 'content: null', request: withContent(null) },
  { name: 'content: empty', request: withContent('') },
  { name: 'content: a number', request: withContent(5) },
  { name: 'an unknown part', request: withContent([{ type: 'smell', smell: 'roses' }]) },
  {
    name: 'an image for a model of text',
    request: withContent([{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }]),
  },
  { name: 'no messages', request: chat({ messages: undefined }) },
  { name: 'messages: []', request: chat({ messages: [] }) },
  { name: 'messages: a text', request: chat({ messages: 'Hi' }) },
  { name: 'a message without a role', request: chat({ messages: [{ content: 'Hi' }] }) },
  { name: 'an unknown role', request: chat({ messages: [{ role: 'pirate', content: 'Arr' }] }) },
  { name: 'a message that is no object', request: chat({ messages: ['Hi'] }) },
  { name: 'log probabilities of a chat', request: chat({ logprobs: true, top_logprobs: 2 }) },
  { name: 'top_logprobs without logprobs', request: chat({ top_logprobs: 2 }) },
  { name: 'echo in a chat', request: chat({ echo: true }) },
  {
    name: 'a chat that continues its last message',
    request: chat({
      messages: [
        { role: 'user', content: 'Count.' },
        { role: 'assistant', content: 'One, two,' },
      ],
      add_generation_prompt: false,
      continue_final_message: true,
    }),
  },
  {
    name: 'add_generation_prompt together with continue_final_message',
    request: chat({ add_generation_prompt: true, continue_final_message: true }),
  },
  {
    name: 'a chat too long for the context',
    request: (known) => ({
      path: '/v1/chat/completions',
      body: { model: known.model, messages: [{ role: 'user', content: tooLong(known) }] },
    }),
  },
  {
    name: 'max_tokens of a chat beyond the context',
    request: (known) => chat({ max_tokens: known.contextLength * 2 })(known),
  },
  { name: 'max_tokens: 0 in a chat', request: chat({ max_tokens: 0 }) },
  { name: 'two greedy answers to a chat', request: chat({ n: 2 }) },
  { name: 'stream_options of a chat that is not streamed', request: chat({ stream_options: {} }) },
  { name: 'an unknown model in a chat', request: chat({ model: 'nope' }) },
  { name: 'a chat with tools: []', request: chat({ tools: [] }) },
  {
    name: 'a chat with a tool',
    request: chat({ tools: [{ type: 'function', function: { name: 'f', parameters: {} } }] }),
  },
];
