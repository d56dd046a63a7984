import type { FastifyReply, FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';

import type { EngineCore } from '../core/engine-core.ts';
import type { Job } from '../core/job.ts';
import { answer } from '../replies/answer.ts';
import type { ReplyShape } from '../replies/reply-shape.ts';
import { createStreamWriter } from '../replies/stream-writer.ts';
import { createWholeWriter } from '../replies/whole-writer.ts';
import type { CommonBody } from '../requests/bodies.ts';
import { type LengthRequest, toAnswerLength } from '../requests/answer-length.ts';
import type { RequestedParams } from '../requests/generation-params.ts';

export type WantedLength = Pick<LengthRequest, 'maxTokens' | 'isText' | 'isEcho'>;

export type AnswerRequest = {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** The reply's. */
  readonly id: string;
  readonly body: Pick<CommonBody, 'stream' | 'stream_options'>;
  readonly prompt: readonly number[];
  readonly length: WantedLength;
  readonly params: RequestedParams;
  readonly shape: ReplyShape;
  readonly exit: () => void;
};

/** The common end of both generation routes. Throws `context_overflow` or `param_out_of_range` before anything is sent. */
export async function replyWithAnswer(core: EngineCore, asked: AnswerRequest): Promise<void> {
  const { request, reply, id, body, prompt, params, shape, exit } = asked;
  const maxTokens = toAnswerLength({
    ...asked.length,
    promptTokens: prompt.length,
    minTokens: params.sampling.minTokens,
    contextLength: core.source.contextLength,
  });
  const options = { shape, promptTokens: prompt.length };
  // vLLM heeds `continuous_usage_stats` only together with `include_usage`.
  const includeUsage = body.stream_options?.include_usage ?? false;
  const continuousUsage = includeUsage && (body.stream_options?.continuous_usage_stats ?? false);
  const createWriter = (job: Job) =>
    body.stream === true
      ? createStreamWriter(job, { ...options, includeUsage, continuousUsage })
      : createWholeWriter(job, options);
  const received = {
    path: request.url,
    id,
    body: request.body,
    bodyBytes: Number(request.headers['content-length'] ?? Infinity),
  };
  const answerParams = { ...params, maxTokens };
  await answer(core, { reply, received, prompt, params: answerParams, createWriter, exit });
}

/** vLLM makes the reply's id of the `X-Request-Id` header, else of the body's `request_id`, else at random. */
export function toReplyId(
  prefix: string,
  request: FastifyRequest,
  requestId: string | null | undefined,
): string {
  const header = request.headers['x-request-id'];
  const given = typeof header === 'string' ? header : requestId;
  return `${prefix}-${given ?? randomUUID().replaceAll('-', '')}`;
}
