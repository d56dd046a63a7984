import { LlmOpsError } from '../../errors.ts';

type Named = { readonly parameter?: string; readonly value?: number | string };

/**
 * What vLLM 0.32 says to requests that it refuses, word for word, as recorded in `test/contracts/vllm-api/recorded-replies.json`. Each is a
 * `param_out_of_range` unless it says otherwise; where vLLM names the parameter, the message ends with it.
 */
export const refusals = {
  // before anything else is read
  streamOptions: () =>
    refuse('Stream options can only be defined when `stream=True`.', {
      parameter: 'stream_options',
    }),
  noPrompt: () =>
    refuse('Either prompt or prompt_embeds must be provided and non-empty.', {
      parameter: 'prompt',
    }),
  suffix: () =>
    new LlmOpsError(
      'param_out_of_range',
      'suffix is only supported for models with FIM completion rendering',
      { param: 'suffix' },
    ),
  noTools: () =>
    refuse(
      '`tools` must not be an empty array. Either provide at least one tool or omit the field entirely.',
      { parameter: 'tools' },
    ),
  tools: () =>
    refuse(
      '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
    ),
  bothEnds: () =>
    refuse('Cannot set both `continue_final_message` and `add_generation_prompt` to True.'),

  /** `model_mismatch`. */
  model: (asked: string, served: string) =>
    new LlmOpsError(
      'model_mismatch',
      `The model \`${asked}\` does not exist. Valid aliases: ${served}.`,
      { param: 'model' },
    ),

  // prompts and conversations
  noPrompts: () => refuse('You must pass at least one prompt'),
  emptyPrompt: () => refuse('The decoder prompt cannot be empty'),
  noMessages: () =>
    refuse('Cannot apply chat template to an empty conversation. Provide at least one message.'),
  notMultimodal: (model: string) => refuse(`${model} is not a multimodal model`),
  unknownPart: (type: string) =>
    refuse(
      `1 validation error for ValidatorIterator\n  {'type': 'literal_error', 'loc': ('type',), 'msg': "Input should be 'text'", 'input': '${type}'}`,
    ),
  unknownToken: (token: number) => refuse(`Token id ${token} is out of vocabulary`),

  // numbers
  range: (field: string, must: string, got: number) =>
    refuse(`${field} must be ${must}, got ${got}.`),
  namedRange: (field: string, must: string, got: number) =>
    refuse(`${field} must be ${must}, got ${got}.`, { parameter: field, value: got }),
  emptyStop: () => refuse('stop cannot contain an empty string.'),
  stopTokenIds: (wrong: readonly number[], vocabularySize: number) =>
    refuse(
      `token_id(s) [${wrong.join(', ')}] in stop_token_ids contain out-of-vocab token ids. Vocabulary size: ${vocabularySize}`,
      { parameter: 'stop_token_ids', value: `[${wrong.join(', ')}]` },
    ),

  /** `context_overflow`: no prompt would leave so much room. */
  maxTokensBeyondContext: (maxTokens: number, contextLength: number) =>
    refuse(
      `max_tokens=${maxTokens} cannot be greater than max_model_len=${contextLength}. Please request fewer output tokens.`,
      { parameter: 'max_tokens', value: maxTokens },
      'context_overflow',
    ),
  /** `context_overflow`. vLLM stops counting a text where it is too long, so it says `at least`. */
  promptBeyondContext: (promptTokens: number, contextLength: number, isText: boolean) =>
    refuse(
      `This model's maximum context length is ${contextLength} tokens. However, your prompt contains ` +
        `${isText ? 'at least ' : ''}${promptTokens} input tokens, which exceeds this limit even without any output tokens. ` +
        'Please reduce the length of the input prompt.',
      { parameter: 'input_tokens', value: promptTokens },
      'context_overflow',
    ),
};

/** As vLLM's VLLMValidationError: what is named goes behind the message, and the name is `param` too. */
function refuse(
  message: string,
  { parameter, value }: Named = {},
  code: 'param_out_of_range' | 'context_overflow' = 'param_out_of_range',
): LlmOpsError {
  if (parameter === undefined) return new LlmOpsError(code, message);
  const named = `parameter=${parameter}${value === undefined ? '' : `, value=${value}`}`;
  return new LlmOpsError(code, `${message} (${named})`, { param: parameter });
}
