import type { ApiCase } from '../api-case.ts';
import { completion, PROMPT } from '../api-case.ts';

const includeUsage = { stream: true, stream_options: { include_usage: true } };

/** Completions that are answered. */
export const COMPLETION_CASES: readonly ApiCase[] = [
  { name: 'a completion', request: completion() },
  {
    name: 'all fields of a completion',
    request: completion(),
    withFillers: true,
  },
  {
    name: 'all fields of a completion, streamed with usage',
    request: completion(includeUsage),
    withFillers: true,
  },
  { name: 'a completion, streamed', request: completion({ stream: true }) },
  { name: 'a completion, streamed with usage', request: completion(includeUsage) },
  {
    name: 'a completion, streamed with usage in every event',
    request: completion({
      stream: true,
      stream_options: { include_usage: true, continuous_usage_stats: true },
    }),
  },
  {
    name: 'continuous_usage_stats without include_usage',
    request: completion({ stream: true, stream_options: { continuous_usage_stats: true } }),
  },
  { name: 'stream_options: null', request: completion({ stream: true, stream_options: null }) },
  { name: 'a completion with echo', request: completion({ echo: true }) },
  {
    name: 'a completion with echo, streamed',
    request: completion({ echo: true, ...includeUsage }),
  },
  { name: 'echo and nothing else', request: completion({ echo: true, max_tokens: 0 }) },
  {
    name: 'echo and nothing else, streamed',
    request: completion({ echo: true, max_tokens: 0, ...includeUsage }),
  },
  { name: 'a prompt of token ids', request: completion({ prompt: [40, 41, 42] }) },
  { name: 'a list of one prompt', request: completion({ prompt: [PROMPT] }) },
  { name: 'a list of two prompts', request: completion({ prompt: [PROMPT, 'Another one'] }) },
  {
    name: 'a list of two prompts, streamed',
    request: completion({ prompt: [PROMPT, PROMPT], max_tokens: 1, ...includeUsage }),
  },
  { name: 'two answers', request: completion({ n: 2, temperature: 1 }) },
  { name: 'no model', request: completion({ model: undefined }) },
  { name: 'model: null', request: completion({ model: null }) },
  { name: 'model: empty', request: completion({ model: '' }) },
  { name: 'fields that nobody knows', request: completion({ nonsense: { deep: [1] } }) },
  { name: 'a user and other fields of OpenAI', request: completion({ user: 'u', best_of: 1 }) },
  {
    name: 'a stop string',
    request: (known) => completion({ max_tokens: 40, stop: known.stop })(known),
  },
  {
    name: 'a stop string, streamed',
    request: (known) => completion({ max_tokens: 40, stop: [known.stop], ...includeUsage })(known),
  },
  {
    name: 'a stop token id',
    request: (known) => completion({ max_tokens: 40, stop_token_ids: [known.stopTokenId] })(known),
  },
  {
    name: 'a stop token id, streamed',
    request: (known) =>
      completion({ max_tokens: 40, stop_token_ids: [known.stopTokenId], ...includeUsage })(known),
  },
  { name: 'stop: null', request: completion({ stop: null }) },
  { name: 'stop: []', request: completion({ stop: [] }) },
  { name: 'top_k: -1', request: completion({ top_k: -1 }) },
  { name: 'log probabilities', request: completion({ logprobs: 2 }) },
  {
    name: 'log probabilities, streamed',
    request: completion({ logprobs: 2, ...includeUsage }),
  },
  { name: 'the token ids of the answer', request: completion({ return_token_ids: true }) },
  {
    name: 'the token ids of the answer, streamed',
    request: completion({ return_token_ids: true, ...includeUsage }),
  },
  { name: 'a suffix', request: completion({ suffix: ' the end' }) },
];
