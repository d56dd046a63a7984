/** Where our own engine server, whatever its text comes from, does not do as vLLM does. */
import type { Deviations } from './engine-under-test.ts';

type Group = { readonly reason: string; readonly obligations: readonly string[] };

/** Listed in the engine server's README. */
const ON_PURPOSE: readonly Group[] = [
  { reason: 'the owner is llm-ops', obligations: ['GET /v1/models'] },
  { reason: 'there is no /load', obligations: ['GET /load'] },
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
    reason: 'no tools: the fields are not heeded',
    obligations: ['a chat with tools: []', 'a chat with a tool'],
  },
  { reason: 'a suffix is not heeded', obligations: ['a suffix'] },
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

/** Not meant to differ: strike out what is mended. */
const TO_MEND: readonly Group[] = [
  {
    reason: 'to mend: it has the rest of the context',
    obligations: ['without max_tokens, or with null, a completion has 16 tokens'],
  },
  {
    reason: 'to mend: it is refused',
    obligations: [
      'max_tokens beyond the room that a prompt leaves is cut to it',
      'max_new_tokens beyond the room that a prompt leaves is answered up to the context’s end',
      'a prompt that leaves too little room',
      'stream_options of a chat that is not streamed',
      'stream_options: {}',
    ],
  },
  {
    reason: 'to mend: it is answered',
    obligations: [
      'content: null',
      'temperature: 3',
      'stop_token_ids: [-1]',
      'stop_token_ids: [2000000000000]',
    ],
  },
  {
    reason: 'to mend: the wording',
    obligations: [
      'a chat too long for the context',
      'a prompt too long for the context',
      'a prompt of token ids too long for the context',
      'a stream refused for its length',
      'no room for a single token',
      'max_tokens beyond the context',
      'max_tokens of a chat beyond the context',
      'stream_options: 5',
      'n: 0',
      'an unknown part',
      'an image for a model of text',
      'detokenize an id that is no token',
    ],
  },
  {
    reason: 'to mend: the message lacks "(parameter=…, value=…)"',
    obligations: [
      'max_tokens: 0 in a chat',
      'max_tokens: 0',
      'max_tokens: -1',
      'temperature: -1',
      'top_p: 0',
      'top_p: 1.5',
      'top_p: -1',
      'a stream refused for its range',
    ],
  },
  {
    reason: 'to mend: a param is named where vLLM names none',
    obligations: [
      'two greedy answers to a chat',
      'min_tokens: -1',
      'min_tokens: 7',
      'top_k: -2',
      'min_p: -1',
      'min_p: 2',
      'presence_penalty: 3',
      'frequency_penalty: -3',
      'repetition_penalty: 0',
      'repetition_penalty: -1',
      'n: 2',
      'stop: ""',
      'stop: ["a",""]',
      'prompt: [1099511627776]',
    ],
  },
  {
    reason: 'to mend: no param is named where vLLM names body.…',
    obligations: [
      'content: a number',
      'no messages',
      'messages: a text',
      'a message without a role',
      'a message that is no object',
      'tokenize nothing',
      'tokenize a number',
      'detokenize without tokens',
      'detokenize texts',
      'detokenize a negative id',
      'max_tokens: "many"',
      'max_tokens: 2.5',
      'temperature: "hot"',
      'top_k: 1.5',
      'seed: "x"',
      'stop: 5',
      'stop: [5]',
      'stop_token_ids: ["x"]',
      'echo: "perhaps"',
      'stream: "perhaps"',
      'ignore_eos: 5',
      'prompt: 5',
      'prompt: {"text":"Hi"}',
      'prompt: [1,"a"]',
      'prompt: [-1]',
      'model: 5',
      'two mistakes at once',
      'continuous_usage_stats of a wrong type',
      'an empty body',
      'a body that is no JSON',
      'a body that is a list',
      'a body that is a text',
      'a body that is null',
    ],
  },
  {
    reason: 'to mend: the error is a BadRequestError of few words',
    obligations: [
      'messages: []',
      'add_generation_prompt together with continue_final_message',
      'tokenize messages: []',
      'prompt: ""',
      'prompt: null',
      'prompt: []',
      'prompt: [[]]',
      'no prompt',
      'an empty object',
    ],
  },
  {
    reason: 'to mend: the body is {"detail": …}',
    obligations: [
      'an unknown path',
      'an unknown path by POST',
      'embeddings of a model that generates',
    ],
  },
  {
    reason: 'to mend: the status is 405, and the body {"detail": …}',
    obligations: ['GET where POST is meant', 'POST where GET is meant'],
  },
  {
    reason: 'to mend: a message has no tool_calls',
    obligations: [
      'a chat',
      'max_completion_tokens before max_tokens',
      'a chat of several turns',
      'content in text parts',
      'content: empty',
      'an unknown role',
      'a chat that continues its last message',
    ],
  },
  {
    reason: 'to mend: fields of vLLM 0.32 that are null are missing',
    obligations: [
      'all fields of a completion',
      'all fields of a completion, streamed with usage',
      'all fields of a chat',
      'all fields of a chat, streamed with usage',
    ],
  },
];

export const ENGINE_SERVER_DEVIATIONS: Deviations = Object.fromEntries(
  [...ON_PURPOSE, ...TO_MEND].flatMap(({ reason, obligations }) =>
    obligations.map((obligation) => [obligation, reason]),
  ),
);
