import type { FastifyInstance } from 'fastify';

import type { EngineCore } from '../core/engine-core.ts';
import { type ReplyShape, wholeEnd } from '../replies/reply-shape.ts';
import { type CompletionBody, completionBody } from '../requests/bodies.ts';
import {
  checkEarly,
  checkPromptIsThere,
  checkStreamOptions,
  checkSuffix,
} from '../requests/check-early.ts';
import { checkModel, checkTokenIds } from '../requests/checks.ts';
import { toRequestedParams } from '../requests/generation-params.ts';
import { invalidRequest, parseBody } from '../requests/parse-body.ts';
import { refusals } from '../requests/refusals.ts';
import type { TextSource } from '../text-source.ts';
import { replyWithAnswer, toReplyId, type WantedLength } from './reply-with-answer.ts';

/** As in OpenAI's API a completion is short unless it is told; a chat may fill the context. */
const ORDINARY_MAX_TOKENS = 16;

/** `POST /v1/completions`: text or token ids in, text out. */
export function addCompletionRoute(app: FastifyInstance, core: EngineCore, exit: () => void): void {
  app.post('/v1/completions', async (request, reply) => {
    checkEarly(request.body, [checkStreamOptions, checkPromptIsThere, checkSuffix]);
    const body = parseBody(completionBody, request.body);
    checkModel(body.model, core.source.model);
    const wanted = onePrompt(body.prompt);
    const params = toRequestedParams(body, core.source);
    const prompt = toTokens(wanted, body, core.source);
    const length = toLength(wanted, body, core.source);
    const id = toReplyId('cmpl', request, body.request_id);
    const echoed = body.echo === true ? toText(wanted, core.source) : '';
    const shape = completionShape(core.source.model, { id, echoed });
    await replyWithAnswer(core, { request, reply, id, body, prompt, length, params, shape, exit });
  });
}

type OnePrompt = string | readonly number[];

/** A list of one prompt is a prompt. Throws `param_out_of_range` for none, `invalid_request` for several. */
function onePrompt(prompt: CompletionBody['prompt']): OnePrompt {
  if (prompt === undefined || prompt === null) throw refusals.noPrompt();
  if (prompt.length === 0) throw refusals.noPrompts();
  if (typeof prompt === 'string') return prompt;
  const [first] = prompt;
  if (typeof first === 'number') return prompt as readonly number[];
  if (prompt.length > 1) {
    const message = 'This engine answers one prompt per request.';
    throw invalidRequest([{ path: ['prompt'], message }]);
  }
  if (first === undefined || first.length === 0) throw refusals.emptyPrompt();
  return first;
}

function toTokens(prompt: OnePrompt, body: CompletionBody, source: TextSource): readonly number[] {
  if (typeof prompt === 'string') return source.tokenize(prompt, body.add_special_tokens ?? true);
  checkTokenIds(prompt, source);
  return prompt;
}

function toText(prompt: OnePrompt, source: TextSource): string {
  return typeof prompt === 'string' ? prompt : source.detokenize(prompt, false);
}

function toLength(
  prompt: OnePrompt,
  body: CompletionBody,
  { contextLength }: TextSource,
): WantedLength {
  return {
    maxTokens: body.max_tokens ?? Math.min(ORDINARY_MAX_TOKENS, contextLength),
    isText: typeof prompt === 'string',
    isEcho: body.echo === true,
  };
}

type CompletionReply = {
  readonly id: string;
  /** The prompt's text, which goes before the first text of the answer. */
  readonly echoed: string;
};

// Fields and their order as in vLLM's CompletionStreamResponse and CompletionResponse; those that stay null are written as null there too.
function completionShape(model: string, { id, echoed }: CompletionReply): ReplyShape {
  const head = {
    id,
    object: 'text_completion',
    created: Math.floor(Date.now() / 1000),
    model,
  };
  return {
    eventHead: head,
    opening: null,
    stepChoices: ({ text, completionTokens, finishReason, stopReason }) => [
      {
        index: 0,
        text: completionTokens <= 1 ? echoed + text : text,
        logprobs: null,
        finish_reason: finishReason,
        stop_reason: stopReason,
        prompt_token_ids: null,
        token_ids: null,
      },
    ],
    whole: (text, { finishReason, stopReason }, usage) => ({
      ...head,
      choices: [
        {
          index: 0,
          text: echoed + text,
          logprobs: null,
          finish_reason: finishReason,
          stop_reason: stopReason,
          token_ids: null,
          prompt_logprobs: null,
          prompt_token_ids: null,
          routed_experts: null,
        },
      ],
      ...wholeEnd(usage),
    }),
  };
}
