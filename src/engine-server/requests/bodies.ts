import { z } from 'zod';

// Other fields are accepted and not read, whether vLLM knows them or not.

const optionalInt = z.int().nullish();
const optionalNumber = z.number().nullish();
const optionalBoolean = z.boolean().nullish();

const common = {
  model: z.string().nullish(),
  max_tokens: optionalInt,
  min_tokens: optionalInt,
  n: optionalInt,
  temperature: optionalNumber,
  top_p: optionalNumber,
  top_k: optionalInt,
  min_p: optionalNumber,
  presence_penalty: optionalNumber,
  frequency_penalty: optionalNumber,
  repetition_penalty: optionalNumber,
  seed: optionalInt,
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  stop_token_ids: z.array(z.int()).nullish(),
  include_stop_str_in_output: optionalBoolean,
  ignore_eos: optionalBoolean,
  skip_special_tokens: optionalBoolean,
  add_special_tokens: optionalBoolean,
  request_id: z.string().nullish(),
  stream: optionalBoolean,
  stream_options: z
    .object({ include_usage: optionalBoolean, continuous_usage_stats: optionalBoolean })
    .nullish(),
};

const tokenIds = z.array(z.int().min(0));

// Alternatives stand in vLLM's order: a refusal tells of the first.
export const completionBody = z.object({
  ...common,
  prompt: z.union([tokenIds, z.array(tokenIds), z.string(), z.array(z.string())]).nullish(),
  echo: optionalBoolean,
});

const textPart = z.object({ type: z.string(), text: z.string().nullish() });

const chatMessages = z.array(
  z
    .object({
      role: z.string(),
      content: z.union([z.string(), z.array(textPart)]).nullish(),
    })
    // Only the assistant, who may call a tool instead, has messages that say so little.
    .refine(({ role, content }) => content !== null || role === 'assistant', {
      path: ['content'],
      message: 'Input should be a valid string',
    }),
);

const templateOptions = {
  add_generation_prompt: optionalBoolean,
  continue_final_message: optionalBoolean,
};

export const chatBody = z.object({
  ...common,
  ...templateOptions,
  messages: chatMessages,
  max_completion_tokens: optionalInt,
});

export const tokenizeBody = z.object({
  model: z.string().nullish(),
  prompt: z.string().nullish(),
  messages: chatMessages.nullish(),
  ...templateOptions,
  add_special_tokens: optionalBoolean,
  return_token_strs: optionalBoolean,
});

export const detokenizeBody = z.object({ model: z.string().nullish(), tokens: tokenIds });

export type CompletionBody = z.infer<typeof completionBody>;
export type ChatMessages = z.infer<typeof chatMessages>;
/** What both kinds of request share. */
export type CommonBody = Omit<CompletionBody, 'prompt' | 'echo'>;
