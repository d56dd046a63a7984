import type { FastifyInstance } from 'fastify';

import type { EngineCore } from '../core/engine-core.ts';
import { type ReplyShape, wholeEnd } from '../replies/reply-shape.ts';
import { chatBody } from '../requests/bodies.ts';
import { toChatTokens } from '../requests/chat-tokens.ts';
import { checkEarly, checkStreamOptions, checkTools } from '../requests/check-early.ts';
import { checkModel } from '../requests/checks.ts';
import { toRequestedParams } from '../requests/generation-params.ts';
import { parseBody } from '../requests/parse-body.ts';
import { replyWithAnswer, toReplyId } from './reply-with-answer.ts';

/** `POST /v1/chat/completions`: a conversation in, the assistant's next message out. */
export function addChatRoute(app: FastifyInstance, core: EngineCore, exit: () => void): void {
  app.post('/v1/chat/completions', async (request, reply) => {
    checkEarly(request.body, [checkStreamOptions, checkTools]);
    const body = parseBody(chatBody, request.body);
    checkModel(body.model, core.source.model);
    const params = toRequestedParams(body, core.source);
    const prompt = toChatTokens(body, core.source);
    const maxTokens = body.max_completion_tokens ?? body.max_tokens ?? null;
    const length = { maxTokens, isText: true, isEcho: false };
    const id = toReplyId('chatcmpl', request, body.request_id);
    const shape = chatShape(core.source.model, id);
    await replyWithAnswer(core, { request, reply, id, body, prompt, length, params, shape, exit });
  });
}

// As in vLLM's ChatCompletionStreamResponse and ChatCompletionResponse: `stop_reason` in an event only with the finish.
function chatShape(model: string, id: string): ReplyShape {
  const created = Math.floor(Date.now() / 1000);
  const toChoice = (delta: object) => ({ index: 0, delta, logprobs: null });
  return {
    eventHead: { id, object: 'chat.completion.chunk', created, model },
    opening: {
      choices: [{ ...toChoice({ role: 'assistant', content: '' }), finish_reason: null }],
      prompt_token_ids: null,
      prompt_text: null,
    },
    stepChoices: ({ text, finishReason, stopReason }) => [
      {
        ...toChoice({ content: text }),
        finish_reason: finishReason,
        ...(finishReason === null ? {} : { stop_reason: stopReason }),
        token_ids: null,
      },
    ],
    whole: (text, { finishReason, stopReason }, usage) => ({
      id,
      object: 'chat.completion',
      created,
      model,
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: text,
            refusal: null,
            annotations: null,
            audio: null,
            function_call: null,
            reasoning: null,
          },
          logprobs: null,
          finish_reason: finishReason,
          stop_reason: stopReason,
          token_ids: null,
          routed_experts: null,
        },
      ],
      ...wholeEnd(usage),
      prompt_logprobs: null,
      prompt_token_ids: null,
      prompt_text: null,
    }),
  };
}
