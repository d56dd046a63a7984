/** A generation as a streamed reply: its error is a reply of its own until the stream began, and a frame of it after that. */
import type { FastifyReply } from 'fastify';
import { LlmOpsError } from '../../errors.ts';
import { ClientLeft } from '../http/departure.ts';
import { generate } from './generate.ts';
import type { Generation } from './generate.ts';
import type { GenerateRequest } from './generate-request.ts';
import { logFailure, toHttpError } from '../http/http-errors.ts';
import { createFrames } from '../replies/frames.ts';
import type { FrameForm } from '../replies/frames.ts';
import { ReplyStream } from '../replies/reply-stream.ts';

/**
 * Sends nothing before the engine did, or a sign of life was due: an error until then is thrown, and becomes a reply with its true status.
 * An error after that ends the stream with an error frame; it never just ends.
 */
export async function sendStream(
  call: Omit<Generation, 'request' | 'sink'>,
  options: {
    readonly request: GenerateRequest;
    readonly framing: FrameForm['framing'];
    readonly reply: FastifyReply;
  },
): Promise<void> {
  const { request, framing, reply } = options;
  const { keepAliveMs, readerTimeoutMs, frameWaitMs } = call.service.limits;
  const stream = new ReplyStream({
    raw: reply.raw,
    frames: createFrames(
      { mode: request.streamMode, framing },
      { mostPatienceMs: frameWaitMs, isChunked: reply.raw.useChunkedEncodingByDefault },
    ),
    keepAliveMs,
    readerTimeoutMs,
    onBegin: () => {
      reply.hijack();
    },
    onReaderTimeout: () => {
      call.trace.error = 'reader_stalled';
    },
  });
  try {
    await generate({ ...call, request, sink: stream });
  } catch (error) {
    if (!stream.hasBegun) {
      stream.leave();
      throw error;
    }
    const reason: unknown = call.signal.aborted ? call.signal.reason : error;
    if (reason instanceof ClientLeft) return;
    call.trace.error ??= reason instanceof LlmOpsError ? reason.code : 'internal';
    logFailure(reply.log, reason);
    stream.fail(toHttpError(reason).body);
  }
}
