/**
 * What the engines' APIs differ in, as data: shared code asks the profile and never compares an engine's name.
 * Facts: vLLM 0.32 and llama.cpp's server 0.7 as they answer, and their documentation.
 */
import type { EngineKind } from '../config/worker-config.ts';
import type { Prompt, Sampling } from './engine.ts';

export type ApiProfile = {
  /** Answers 200 exactly when the model is ready. */
  readonly readyPath: string;
  /** Sampling fields beyond OpenAI's own, under this engine's names. */
  readonly samplingFields: (sampling: Sampling) => Body;
  /** What makes the engine report its counts with every event. */
  readonly usageFields: Body;
  /** Whether `stop_token_ids` is understood. Where it is not, the ids' texts become stop strings, as FastChat did. */
  readonly stopsAtTokenIds: boolean;
  /** How a prompt that has its special tokens is kept from getting a second first one. */
  readonly withoutSpecialTokens: WithoutSpecialTokens;
  readonly tokenizer: TokenizerApi | null;
};

type WithoutSpecialTokens =
  | { readonly by: 'fields'; readonly fields: Body }
  /** Only token ids are taken as they are, so the text is tokenized first. */
  | { readonly by: 'tokens' };

type Body = Readonly<Record<string, unknown>>;

/** What a tokenizer is asked with. */
type Question = { readonly model: string; readonly addSpecialTokens: boolean };

export type TokenizerApi = {
  readonly encodeBody: (text: string, question: Question) => Body;
  readonly decodeBody: (id: number, model: string) => Body;
  readonly count: (reply: Body) => unknown;
  readonly tokens: (reply: Body) => unknown;
  readonly text: (reply: Body) => unknown;
  readonly chat: ChatTokenizer;
};

type Messages = Extract<Prompt, { kind: 'chat' }>['messages'];

/** How a conversation is counted as the engine's own chat endpoint renders it. */
type ChatTokenizer =
  | { readonly by: 'messages'; readonly encodeBody: (messages: Messages, model: string) => Body }
  /** It is rendered by one request, and its text tokenized by the next. */
  | {
      readonly by: 'text';
      readonly path: string;
      readonly renderBody: (messages: Messages) => Body;
      readonly text: (reply: Body) => unknown;
    };

const VLLM: ApiProfile = {
  readyPath: '/health',
  samplingFields: (sampling) => ({
    // vLLM reads its defaults from the model's generation_config.json, so everything is said.
    top_k: sampling.topK ?? 0,
    repetition_penalty: sampling.repetitionPenalty,
    stop_token_ids: sampling.stopTokenIds,
  }),
  usageFields: { stream_options: { include_usage: true, continuous_usage_stats: true } },
  stopsAtTokenIds: true,
  withoutSpecialTokens: { by: 'fields', fields: { add_special_tokens: false } },
  tokenizer: {
    encodeBody: (prompt, { model, addSpecialTokens }) => ({
      model,
      prompt,
      add_special_tokens: addSpecialTokens,
    }),
    decodeBody: (id, model) => ({ model, tokens: [id] }),
    count: (reply) => reply['count'],
    tokens: (reply) => reply['tokens'],
    text: (reply) => reply['prompt'],
    chat: {
      by: 'messages',
      encodeBody: (messages, model) => ({ model, messages, add_generation_prompt: true }),
    },
  },
};

const LLAMA_CPP: ApiProfile = {
  readyPath: '/health',
  samplingFields: (sampling) => ({
    top_k: sampling.topK ?? 0,
    repeat_penalty: sampling.repetitionPenalty,
  }),
  // Its usage comes with the last chunk only; the timings of each chunk have the same counts.
  usageFields: { stream_options: { include_usage: true }, timings_per_token: true },
  stopsAtTokenIds: false,
  // Its completions add the first token whatever the text begins with.
  withoutSpecialTokens: { by: 'tokens' },
  tokenizer: {
    encodeBody: (content, { addSpecialTokens }) => ({ content, add_special: addSpecialTokens }),
    decodeBody: (id) => ({ tokens: [id] }),
    count: (reply) => (Array.isArray(reply['tokens']) ? reply['tokens'].length : undefined),
    tokens: (reply) => reply['tokens'],
    text: (reply) => reply['content'],
    chat: {
      by: 'text',
      path: '/apply-template',
      renderBody: (messages) => ({ messages }),
      text: (reply) => reply['prompt'],
    },
  },
};

/** Somebody else's server: strict ones refuse what is not OpenAI's, so nothing else is sent. */
const OPENAI: ApiProfile = {
  readyPath: '/v1/models',
  samplingFields: () => ({}),
  usageFields: { stream_options: { include_usage: true } },
  stopsAtTokenIds: false,
  // OpenAI's API has no word for it.
  withoutSpecialTokens: { by: 'fields', fields: {} },
  tokenizer: null,
};

export const API_PROFILES: Readonly<Record<EngineKind, ApiProfile>> = {
  vllm: VLLM,
  sim: VLLM,
  'llama.cpp': LLAMA_CPP,
  openai: OPENAI,
};
