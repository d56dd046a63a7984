import { setTimeout as sleep } from 'node:timers/promises';

import type { Job } from '../core/job.ts';
import type { AnswerWriter } from './answer.ts';
import { createEventFormat, type EventFormatOptions, toEvent } from './event-format.ts';
import { openBody, type ReplyBody } from './reply-body.ts';
import { SYSTEM_FINGERPRINT, toUsage } from './reply-shape.ts';
import { sendError } from './whole-writer.ts';

const SPLIT_PAUSE_MS = 3;

export type StreamWriterOptions = EventFormatOptions & {
  /** A last event with the usage, and no choices. */
  readonly includeUsage: boolean;
};

/** One event per token. A failure is an event as well, and `[DONE]` follows it all the same, as in vLLM. */
export function createStreamWriter(job: Job, options: StreamWriterOptions): AnswerWriter {
  const { shape, promptTokens, includeUsage } = options;
  const { stats, faults, signal } = job;
  const format = createEventFormat(options);
  const splitBytes = faults.split_bytes ?? false;
  let body: ReplyBody | null = null;
  let completionTokens = 0;

  function send(event: string): Promise<void> | null {
    if (body === null) return null;
    stats.events_sent += 1;
    return splitBytes ? sendSplit(body, event, signal) : body.write(event);
  }

  return {
    open() {
      // Before there is anything to say, as vLLM does.
      body = openBody(job, { status: 200, contentType: 'text/event-stream; charset=utf-8' });
      return shape.opening === null ? null : send(format.opening(shape.opening));
    },
    step(step) {
      completionTokens = step.completionTokens;
      return send(format.step(step));
    },
    finish(outcome) {
      const last = {
        ...shape.eventHead,
        choices: [],
        system_fingerprint: SYSTEM_FINGERPRINT,
        usage: toUsage(promptTokens, completionTokens),
      };
      stats.events_sent += includeUsage ? 2 : 1;
      body?.end(`${includeUsage ? toEvent(last) : ''}data: [DONE]\n\n`, outcome);
    },
    cut(step, outcome) {
      const bytes = Buffer.from(format.step(step));
      body?.end(bytes.subarray(0, bytes.length >> 1), outcome);
    },
    fail(reply, outcome) {
      if (body === null) {
        sendError(job, reply, outcome);
        return;
      }
      stats.events_sent += 2;
      body.end(`${toEvent(reply.body)}data: [DONE]\n\n`, outcome);
    },
  };
}

/** The fault `split_bytes`. */
async function sendSplit(body: ReplyBody, event: string, signal: AbortSignal): Promise<void> {
  const bytes = Buffer.from(event);
  const cut = insideCharacter(bytes);
  await body.write(bytes.subarray(0, cut));
  await sleep(SPLIT_PAUSE_MS, undefined, { signal });
  await body.write(bytes.subarray(cut));
}

function insideCharacter(bytes: Buffer): number {
  const start = bytes.findIndex((byte) => byte >= 0x80);
  return start >= 0 ? start + 1 : bytes.length >> 1;
}
