/** Where we answer otherwise than llm-ops' own worker, by the label of the recorded exchange, and why. */
import type { Difference } from './recorded.ts';
import { countWords } from './scripted-engine.ts';

const ROLES =
  'llm-ops drops the turns of roles that its own documentation names; here no turn is lost';
const TOLD = 'llm-ops fails with an exception; here the reply says which field is at fault';
const SPARED = 'llm-ops fails with an exception where nothing essential is missing';
const MODE = 'llm-ops takes a misspelt mode for a completion';
const STOPS =
  'llm-ops shows a template’s stop texts and never uses them, so that models run past their turn';
const STATE = 'beside what controllers read, our status tells the state of the engine';

const json = 'application/json';
const refused = (why: string): Difference => ({
  why,
  ours: { status: 400, media: json, error_code: 40001 },
});
const prompt = (text: string): Difference => ({ why: ROLES, ours: { 'engine.prompt': text } });

/** What an answer of the recorded engine has in our words: its usage and its reason are always told. */
export function toldAtTheEnd(
  enginePrompt: string,
  end: { readonly tokens: number; readonly reason: string },
): Difference {
  const promptTokens = countWords(enginePrompt);
  return {
    why: 'llm-ops’ usage is always empty, and it tells no finish reason',
    ours: {
      'reply.usage': {
        prompt_tokens: promptTokens,
        completion_tokens: end.tokens,
        total_tokens: promptTokens + end.tokens,
      },
      'reply.finish_reason': end.reason,
    },
  };
}

/** An answer where llm-ops had none. */
const answered = (why: string, enginePrompt: string, media?: string): readonly Difference[] => [
  {
    why,
    ours: {
      status: 200,
      media,
      'reply.text': 'Hello wörld',
      'reply.error_code': 0,
      'engine.prompt': enginePrompt,
      'engine.temperature': 0.7,
      'engine.top_p': 0.9,
      'engine.max_tokens': 256,
    },
  },
  toldAtTheEnd(enginePrompt, { tokens: 3, reason: 'stop' }),
];

const unanswered: Difference = {
  why: MODE,
  ours: {
    'reply.text': undefined,
    'reply.error_code': undefined,
    'reply.usage': undefined,
    'engine.prompt': undefined,
    'engine.temperature': undefined,
    'engine.top_p': undefined,
    'engine.max_tokens': undefined,
  },
};

export const LLMOPS_DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  status: [{ why: STATE, ours: { 'reply.state': 'ready' } }],
  status_before_leak: [{ why: STATE, ours: { 'reply.state': 'ready' } }],
  status_after_leak: [{ why: STATE, ours: { 'reply.state': 'ready' } }],
  status_after_stream_error: [{ why: STATE, ours: { 'reply.state': 'ready' } }],
  status_post: [
    {
      why: 'both projects’ verbs are taken on both projects’ paths',
      ours: {
        status: 200,
        'reply.model_names': ['Llama-2-7b-chat'],
        'reply.speed': 1,
        'reply.queue_length': 0,
        'reply.state': 'ready',
      },
    },
  ],
  chat_user_role_dropped: [
    prompt('[INST] <<SYS>>\nSYS\n<</SYS>>\n\nHellow! [/INST] Hey! </s><s>[INST] Joke. [/INST]'),
  ],
  chat_assistant_role_dropped: [
    prompt('[INST] <<SYS>>\nSYS\n<</SYS>>\n\nA [/INST] B </s><s>[INST] C [/INST]'),
  ],
  chat_no_system_message: answered(SPARED, '[INST] Hi [/INST]', json),
  chat_no_system_message_stream: answered(SPARED, '[INST] Hi [/INST]'),
  chat_no_model_identifier: answered(SPARED, '[INST] <<SYS>>\nSYS\n<</SYS>>\n\nHi [/INST]', json),
  chat_content_key: answered(SPARED, '[INST] <<SYS>>\nSYS\n<</SYS>>\n\nHi [/INST]', json),
  chat_no_messages: [refused(TOLD)],
  'chat_template_falcon-7b-instruct': [
    {
      why: STOPS,
      ours: {
        'engine.stop': ['\nUser'],
        'engine.stop_token_ids': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      },
    },
  ],
  'chat_template_falcon-180B-chat': [{ why: STOPS, ours: { 'engine.stop': ['\nUser:'] } }],
  'chat_template_unknown-model': [{ why: STOPS, ours: { 'engine.stop': ['###'] } }],
  unknown_mode: [unanswered, { why: MODE, ours: { status: 400, error_code: 40001 } }],
  chat_case: [unanswered, { why: MODE, ours: { status: 400, error_code: 40001 } }],
  no_prompt: [{ why: 'FastChat’s number, not a bare 1', ours: { error_code: 40001 } }],
  no_prompt_stream: [{ why: 'FastChat’s number, not a bare 1', ours: { error_code: 40001 } }],
  stops: [
    {
      why: 'the ids themselves stop the engine, not what they look like in text',
      ours: { 'engine.stop': ['X'], 'engine.stop_token_ids': [5] },
    },
  ],
  ignored_params: [
    {
      why: 'llm-ops drops them',
      ours: {
        'engine.top_k': 5,
        'engine.presence_penalty': 1,
        'engine.frequency_penalty': 1,
        'engine.repetition_penalty': 2,
      },
    },
  ],
  not_json: [refused(TOLD)],
  count_no_prompt: [refused(TOLD)],
  bad_temperature: [refused(TOLD)],
  bad_temperature_stream: [refused('llm-ops breaks the connection behind a status of 200')],
};
