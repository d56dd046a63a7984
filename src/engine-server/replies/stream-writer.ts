import type { ServerResponse } from 'node:http';

import { type EventStream, openEventStream } from '../sse.ts';
import { toErrorReply } from '../http-errors.ts';
import type { AnswerWriter } from './answer.ts';
import { type ReplyShape, SYSTEM_FINGERPRINT, toUsage } from './reply-shape.ts';
import { sendJson } from './whole-writer.ts';

export type StreamWriterOptions = {
  readonly shape: ReplyShape;
  readonly promptTokens: number;
  /** A last event with the usage, and no choices. */
  readonly includeUsage: boolean;
  /** The usage so far in every event. */
  readonly continuousUsage: boolean;
};

/** One event per token. A failure is an event as well, and `[DONE]` follows it all the same, as in vLLM. */
export function createStreamWriter(
  response: ServerResponse,
  options: StreamWriterOptions,
): AnswerWriter {
  const { shape, promptTokens, includeUsage, continuousUsage } = options;
  let stream: EventStream | null = null;
  let completionTokens = 0;

  const toEvent = (fields: object) => ({
    ...shape.eventHead,
    ...fields,
    ...(continuousUsage ? { usage: toUsage(promptTokens, completionTokens) } : {}),
  });

  return {
    async open(job) {
      stream = openEventStream(response, {
        signal: job.signal,
        splitBytes: job.faults.split_bytes ?? false,
      });
      if (shape.opening !== null) await stream.send(toEvent(shape.opening));
    },
    async step(step) {
      completionTokens = step.completionTokens;
      await stream?.send(toEvent({ choices: shape.stepChoices(step) }));
    },
    finish() {
      const last = {
        ...shape.eventHead,
        choices: [],
        system_fingerprint: SYSTEM_FINGERPRINT,
        usage: toUsage(promptTokens, completionTokens),
      };
      stream?.end(includeUsage ? [last] : []);
    },
    cut(step) {
      completionTokens = step.completionTokens;
      stream?.cut(toEvent({ choices: shape.stepChoices(step) }));
    },
    fail(error) {
      const { status, body } = toErrorReply(error);
      if (stream === null) sendJson(response, status, body);
      else stream.end([body]);
    },
  };
}
