/** Where our own engine server, whatever its text comes from, does not do as vLLM does. */
import type { Deviations } from './engine-under-test.ts';

type Group = { readonly reason: string; readonly obligations: readonly string[] };

/** On purpose, all of them; the engine server's README says more. */
const GROUPS: readonly Group[] = [
  { reason: 'the owner is llm-ops', obligations: ['GET /v1/models'] },
  {
    reason: 'one prompt and one answer per request',
    obligations: ['a list of two prompts', 'a list of two prompts, streamed', 'two answers'],
  },
  {
    reason: 'no log probabilities: the fields are not heeded',
    obligations: [
      'log probabilities',
      'log probabilities, streamed',
      'log probabilities of a chat',
      'top_logprobs without logprobs',
      'echo in a chat',
      'logprobs: -1',
      'logprobs: 100',
    ],
  },
  {
    reason: 'no token ids in answers',
    obligations: [
      'the token ids of the answer',
      'the token ids of the answer, streamed',
      'a completion with echo, streamed',
      'echo and nothing else, streamed',
    ],
  },
  {
    reason: 'the message tells which id is no token',
    obligations: ['detokenize an id that is no token'],
  },
  {
    reason: 'wrong types are never coerced',
    obligations: [
      'max_tokens: "5"',
      'max_tokens: true',
      'temperature: "0"',
      'echo: "yes"',
      'stream: 1',
    ],
  },
];

export const ENGINE_SERVER_DEVIATIONS: Deviations = Object.fromEntries(
  GROUPS.flatMap(({ reason, obligations }) =>
    obligations.map((obligation) => [obligation, reason]),
  ),
);
